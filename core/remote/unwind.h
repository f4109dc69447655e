// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The native stack of a thread of another process, by libunwind: from its registers, its memory and
 * the unwind tables of the objects that are loaded there. What these do not cover ends the stack:
 * no guesses.
 */
#ifndef CORE_REMOTE_UNWIND_H
#define CORE_REMOTE_UNWIND_H

#include "core/remote/machine.h"
#include "core/remote/memory.h"
#include "core/remote/objects.h"

/** More frames than this are not followed: the outermost are missing then. */
#define REMOTE_FRAMES_MAX 4096u

struct native_place {
	/** The instruction: of a call, a byte of the call itself. */
	uint64_t address;
	/** The stack pointer there. */
	uint64_t sp;
	/** Where the function begins that unwind tables tell of; 0: they do not. */
	uint64_t function;
	/** NULL: in no file. */
	const struct remote_object *object;
};

/**
 * Find the frames, the innermost first; at least one.
 *
 * @param ret_places  Room for REMOTE_FRAMES_MAX.
 * @param ret_is_whole  The outermost is where the thread begins.
 * @return How many there are; 0 without memory.
 */
size_t remote_unwind(struct remote_memory *memory, const struct remote_objects *objects,
		     const struct machine_registers *registers, struct native_place *ret_places,
		     bool *ret_is_whole);

#endif
