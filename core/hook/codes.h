// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Code object -> its number in the segment. Addresses of code objects are used again for others
 * all the time (every exec, every notebook cell), and comparing fields misses some of it; so the
 * block of a registered code object is flagged, and its free forgets the number. Under the lock.
 */
#ifndef CORE_HOOK_CODES_H
#define CORE_HOOK_CODES_H

#include <stdint.h>

struct code_slot {
	uintptr_t address; /* 0: empty */
	uint32_t number;
	/** Its frames are left out of stacks, but where they allocate themselves. */
	uint32_t is_import_system;
};

/** Zeroed: empty. Open addressing, at most half full, deletion by shifting back. */
struct codes {
	struct code_slot *slots;
	uint32_t capacity; /* a power of two, or 0 */
	uint32_t count;
	/**
	 * Changes whenever a code is forgotten: then what a thread cached by address may be wrong.
	 * Also when all nodes that threads have cached are to be made anew.
	 */
	uint32_t generation;
	/**
	 * Some lie in blocks that are not known: a free of an unknown one may be of such a code.
	 */
	uint32_t has_unflagged;
};

/** What is registered for the code object at address, until the next change; NULL: nothing. */
const struct code_slot *codes_find(const struct codes *codes, uintptr_t address);

/** Register; what codes_find returns then. NULL if there is no memory. */
const struct code_slot *codes_add(struct codes *codes, struct code_slot code);

/** The code object at address is about to be freed. */
void codes_forget(struct codes *codes, uintptr_t address);

/** A block that is not known is about to be freed: forget the code object in it, if there is. */
void codes_forget_unflagged(struct codes *codes, uintptr_t address);

/** Begin a new generation: the nodes that threads have cached are not to be used. */
static inline void codes_renew(struct codes *codes)
{
	codes->generation++;
}

/** Forget all of them: a change was left half done. */
void codes_clear(struct codes *codes);

#endif
