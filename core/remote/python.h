// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The Python frames of threads of another process: what core/stack/python.h reads in the process
 * itself. What the hook found out about the interpreter is taken from its memory. Nothing there is
 * believed: what cannot be read or is not what it should be ends a stack.
 */
#ifndef CORE_REMOTE_PYTHON_H
#define CORE_REMOTE_PYTHON_H

#include "core/host/buffer.h"
#include "core/remote/memory.h"
#include "core/stack/python.h"

/** More frames than this are not followed: the outermost are missing then. */
#define REMOTE_PYTHON_FRAMES_MAX 4096u

struct remote_python {
	struct remote_memory *memory;
	/** The hook's; its pointers are addresses of the other process. */
	struct python known;
};

struct remote_python_frame {
	uint64_t frame;
	uint64_t code;
	/** Byte offset of the instruction in the bytecode. */
	uint32_t offset;
	/** It is the interpreter's own and runs no code. */
	bool is_hidden;
};

/** One call of the interpreter's loop: core/stack/python_calls.h. */
struct remote_python_call {
	/** An address in its C frame; 0: not known, it is the next one of the loop. */
	uint64_t address;
	/** Frames [first, end), the innermost first. */
	size_t first;
	size_t end;
};

/** The stack of one thread, the innermost first. Zeroed: empty. */
struct remote_python_stack {
	struct buffer frames; /* struct remote_python_frame */
	struct buffer calls;  /* struct remote_python_call */
};

/** address: of the hook's struct python. False if no stacks can be read there. */
bool remote_python_open(struct remote_python *python, struct remote_memory *memory,
			uint64_t address);

/** The stack of the thread with that pthread_self; empty if it has none. */
void remote_python_read(struct remote_python *python, uint64_t identity,
			struct remote_python_stack *stack);

/** What a frame that is not hidden shows: texts in UTF-8, appended with their NUL. */
bool remote_python_describe(struct remote_python *python, const struct remote_python_frame *frame,
			    struct buffer *file, struct buffer *function, uint32_t *ret_line);

/** True for an address in the object file that the interpreter is in. */
bool remote_python_holds(const struct remote_python *python, uint64_t address);

void remote_python_stack_done(struct remote_python_stack *stack);

#endif
