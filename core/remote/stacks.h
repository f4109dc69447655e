// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The call stacks of all threads of a process that is stopped, read from outside: what they are
 * doing, whether or not they ever allocate. As text, so that whoever shows them needs the process
 * no more.
 */
#ifndef CORE_REMOTE_STACKS_H
#define CORE_REMOTE_STACKS_H

#include "core/host/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum remote_kind {
	/** Machine code: file is the path of its object, function its build id in hexadecimal. */
	REMOTE_NATIVE = 1,
	REMOTE_PYTHON = 2,
	/** No place in a file: function says what is known. */
	REMOTE_LABEL = 3,
};

struct remote_frame {
	uint32_t kind; /* enum remote_kind */
	/** Offsets in texts. */
	uint32_t file;
	uint32_t function;
	uint32_t line;
	/** REMOTE_NATIVE: as the object's own symbols have it; of a call, a byte of the call. */
	uint64_t address;
};

struct remote_thread {
	uint32_t tid;
	/** It was in a system call, and not stopped where it computed or touched memory. */
	uint32_t is_in_call;
	/** Frames, the outermost first. */
	uint32_t first_frame;
	uint32_t frame_count;
};

/** Zeroed: none. */
struct remote_stacks {
	struct buffer threads; /* struct remote_thread */
	struct buffer frames;  /* struct remote_frame */
	struct buffer texts;   /* each with its NUL */
};

/**
 * Read those of a process that is stopped by a signal and stays it. What needs judgement is done in
 * a forked child with bounds on its time and memory. Takes some milliseconds, and 5 seconds at
 * most.
 *
 * @param hook_python  Address of the hook's struct python (core/shm/segment.h); 0: no Python.
 * @return false, with no stacks, if none can be read: ptrace is not permitted, or the like.
 */
bool remote_stacks_read(const char *proc_root, pid_t pid, uint64_t hook_python,
			struct remote_stacks *ret);

uint32_t remote_thread_count(const struct remote_stacks *stacks);

/** Number i, which must exist. Its frames do, too. */
const struct remote_thread *remote_thread_at(const struct remote_stacks *stacks, uint32_t i);
const struct remote_frame *remote_frame_at(const struct remote_stacks *stacks, uint32_t i);

/** The text at an offset; "" for any that is none. */
const char *remote_text(const struct remote_stacks *stacks, uint32_t offset);

/** The thread that was busy when all were stopped, if just one was; 0 if it cannot be told. */
uint32_t remote_busy_thread(const struct remote_stacks *stacks);

void remote_stacks_done(struct remote_stacks *stacks);

/* For core/remote/read.c and its test: what the child sends. */

/** All of them as one run of bytes. */
void remote_stacks_pack(const struct remote_stacks *stacks, struct buffer *packed);

/** Take them from such a run, which is believed in nothing. False if it is none. */
bool remote_stacks_unpack(const char *bytes, size_t len, struct remote_stacks *ret);

#endif
