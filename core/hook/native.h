// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Frames of machine code as nodes of the segment: which object file they belong to, by path and
 * build id, and at which of its addresses they are. Under the lock but for what says otherwise.
 */
#ifndef CORE_HOOK_NATIVE_H
#define CORE_HOOK_NATIVE_H

#include "core/shm/segment.h"
#include "core/stack/native.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct thread;

/** What is told of native stacks. */
enum native_stacks {
	NATIVE_STACKS_NONE = 0, /* nothing: Python's only */
	NATIVE_STACKS_CALLER,   /* the one frame that called the allocator */
	NATIVE_STACKS_FULL
};

#define NATIVE_PLACES 4096u
#define NATIVE_MEMOS 16384u

/** An instruction whose place in a file was looked up. */
struct native_place_known {
	uintptr_t pc; /* 0: none */
	uint32_t code;
	uint32_t address; /* lower half */
};

/** A frame met before: which node it has below its parent. */
struct native_memo {
	uintptr_t pc; /* 0: nothing is remembered */
	uint32_t parent;
	uint32_t node;
};

/** Zeroed: nothing known, no native stacks. */
struct native_frames {
	/** enum native_stacks: what is told now. */
	uint32_t stacks;
	/** What can be told, by a scope that wants it. */
	uint32_t available;
	/** The code of "[machine code without a file]". */
	uint32_t code_no_object;
	/** The node of LABEL_NO_TABLE. */
	uint32_t node_no_table;
	/** native.rules.generation that these were made under; whoever comes last has the place. */
	uint32_t generation;
	struct native_place_known places[NATIVE_PLACES];
	struct native_memo memos[NATIVE_MEMOS];
	/** The code of the object file that last asked for a mapping, and where. */
	uintptr_t mapper_pc; /* 0: none */
	uint32_t mapper_code;
	/** Nobody is to be asked any more which object an address lies in. */
	uint32_t mappers_unknown;
	uintptr_t stack_end;
	/** Path of the executable, which the loader has no name for. */
	char executable[1024];
};

/** What the kernel told this process of itself when it started. */
struct native_process {
	/** The executable's program headers. */
	const ElfW(Phdr) *headers;
	unsigned header_count;
	/** The path that was executed. */
	const char *started_as;
	/** An address in the loader; NULL: there is none. */
	const void *loader;
	/** An address above all frames of the main thread. */
	uintptr_t stack_end;
};

/** Once, before anything is recorded. with_python: an interpreter was loaded with the program. */
void native_start(const struct native_process *process, bool with_python);

/**
 * A thread's struct is (another thread's, if it was used before).
 *
 * @param frame  Address of a frame that stays on the thread's stack while it lives; 0: unknown.
 */
void native_thread_begins(struct thread *thread, uintptr_t frame);

/** A scope begins: with what can be told, if it wants that or all are to have it. */
void native_choose(bool is_wanted);

/** Stacks have machine code, also below and between Python's frames. */
bool native_is_told(void);

/** No native stacks any more: system calls are about to be forbidden. */
void native_stop(void);

/** An interpreter was found: which code is its. Any thread, without the lock. */
void native_python_is_known(void);

/** The node of a frame below parent; parent, if it is our own or there is no space. */
uint32_t native_frame_node(const struct native_frame *frame, uint32_t parent);

/**
 * The node of a mapping's stack: below parent stands the object file that pc, which has asked for
 * it, lies in. parent, if pc is 0, is in no file, or there is no space.
 */
uint32_t native_mapper_node(uintptr_t pc, uint32_t parent);

#endif
