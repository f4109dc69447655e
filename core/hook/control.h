// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil_control: what programs may ask the hook that is in them, found with dlsym(RTLD_DEFAULT,
 * "fil_control"). Any thread, not in signal handlers. Numbers are never used again for anything
 * else; what is not known, or not possible now, returns an enum control_error, which is negative.
 *
 * The package filprofiler is its main user: cmd/python/filprofiler/_hook.py has these numbers and
 * structs again.
 */
#ifndef CORE_HOOK_CONTROL_H
#define CORE_HOOK_CONTROL_H

#include <stdint.h>

#define CONTROL_INTERFACE 3

enum control_operation {
	/** CONTROL_INTERFACE. */
	CONTROL_VERSION = 0,
	/** argument: struct control_stack. Returns the number of the caller's Python frames. */
	CONTROL_STACK = 1,
	/** Bytes that are tracked as live now. */
	CONTROL_LIVE_BYTES = 2,
	/** Returns an enum control_state. */
	CONTROL_STATE = 3,
	/** struct control_scope: record from now on. With the interpreter's lock, as CLOSE. */
	CONTROL_SCOPE_OPEN = 4,
	CONTROL_SCOPE_CLOSE = 5,
	/** struct control_usage, filled in: of the scope that is open, or was last. */
	CONTROL_USAGE = 6,
	CONTROL_RESET_PEAK = 7,
	/** struct control_text, a folder: have a report of the scope written there. */
	CONTROL_REPORT = 8,
	/** Wait for it, a fifth of a second at most: CONTROL_NOT_YET, or what became of it. */
	CONTROL_AWAIT_REPORT = 9,
	/** struct control_source: the text of a file that is on no disk. */
	CONTROL_ADD_SOURCE = 10,
	/** The process id of the supervisor. */
	CONTROL_SUPERVISOR = 11,
	/** struct control_usage, filled in: of the whole run. */
	CONTROL_RUN_USAGE = 12,
};

enum control_state {
	/** Nothing is recorded: no scope is open. */
	CONTROL_OFF = 0,
	CONTROL_OPEN = 1,
	/** Everything is recorded, from start to end, and no scope is open. */
	CONTROL_WHOLE = 2,
};

enum control_error {
	/** No such operation, or nothing is recorded in this process. */
	CONTROL_UNKNOWN = -1,
	/** A forked child: only its parent is recorded. */
	CONTROL_IN_CHILD = -2,
	/** A scope is open. */
	CONTROL_IS_OPEN = -3,
	/** None is. */
	CONTROL_IS_OFF = -4,
	/** Not used any more: the whole run is recorded. */
	CONTROL_IS_WHOLE = -5,
	/** The supervisor is dead. */
	CONTROL_IS_ALONE = -6,
	/** No space in the segment, or without the interpreter's lock. */
	CONTROL_NOT_POSSIBLE = -7,
	CONTROL_NOT_YET = -8,
	/** The report is not complete; the supervisor has said why. */
	CONTROL_FAILED = -9,
	/** The run has a ceiling: a scope in it cannot have one of its own. */
	CONTROL_HAS_LIMIT = -10,
	/** Stacks of machine code were not asked for when the run was started. */
	CONTROL_NOT_NATIVE = -11,
	/** Without the GIL Python's allocators are to be wrapped, and there are other threads. */
	CONTROL_HAS_THREADS = -12,
};

struct control_frame {
	uintptr_t code;  /* address of the code object */
	uint32_t offset; /* of the instruction, bytes */
	uint32_t reserved;
};

struct control_stack {
	struct control_frame *frames;
	uint32_t capacity;
};

struct control_text {
	/** UTF-8, or whatever the file system has; NULL: none. */
	const char *bytes;
	uint32_t len;
	uint32_t reserved;
};

struct control_scope {
	/** Where its report goes if the program dies while it is open; absolute. */
	struct control_text folder;
	/** Above this allocations fail, and small ones a little later; 0: no limit. */
	uint64_t limit_bytes;
	int64_t start_unix_ms;
	/** Address of a living code object, or 0: stacks begin at their outermost frame of it. */
	uintptr_t root;
	/** That frame itself is not shown. */
	uint32_t is_root_hidden;
	/** Stacks have the frames of machine code, too. */
	uint32_t is_native;
};

struct control_usage {
	uint64_t live_bytes;
	uint64_t peak_bytes;
	/** The last allocation that was refused, and how many were. */
	uint64_t refused_bytes;
	uint64_t refusals;
};

struct control_source {
	/** As code objects have it, and what reports are to call it; bytes NULL: the same. */
	struct control_text name;
	struct control_text shown;
	struct control_text text;
};

long fil_control(unsigned operation, void *argument);

#endif
