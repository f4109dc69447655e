// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Sparse mappings: large ones that their owner does not mean to fill, as it tells the kernel by
 * MAP_NORESERVE. An allocator may take a gigabyte so, of which it uses some megabytes. They count
 * by the pages that are there.
 *
 * Nobody tells when a page comes. But pages go by calls that are seen (madvise, munmap), so a look
 * before those finds what there was at most; the supervisor, which sees memory grow, asks for one
 * at the next allocation; and of a workload that makes none it looks itself
 * (core/supervise/touched.h). Looks take a fiftieth of the time at most.
 *
 * The table is in the slot. What does not fit into it, and what is too small, counts as a whole.
 * All under the lock.
 */
#ifndef CORE_HOOK_SPARSE_H
#define CORE_HOOK_SPARSE_H

#include "core/shm/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed: there are none. */
struct sparse {
	/** In the slot's table. */
	uint32_t count;
	/** System calls may be punished: no looks any more. */
	uint32_t is_blind;
	/** No look before this, nanoseconds on the monotonic clock. */
	uint64_t next_look_ns;
	/** By place in the table: the instruction that asked for it; 0: not known. */
	uintptr_t caller[SPARSE_MAX];
};

/** Is an anonymous mapping that can be written to one of them? */
bool sparse_is(int flags, size_t bytes);

/**
 * Put one on the books that the instruction at caller has asked for; false if there is no room.
 * What was there has been cut.
 */
bool sparse_add(uint32_t entry, uintptr_t start, uintptr_t end, const void *caller);

/** Take off the books what code in [start, end) has asked for: its blocks are known otherwise. */
void sparse_drop_of(uintptr_t start, uintptr_t end);

/**
 * Take [start, end) out of the first that overlaps it, and off the books: ret_piece receives its
 * part. False when none overlaps it any more.
 */
bool sparse_cut(uintptr_t start, uintptr_t end, struct range *ret_piece);

/** See how many pages there are, unless that was done a moment ago. */
void sparse_look(void);

/** Another image, or a scope: there are none. */
void sparse_forget(void);

#endif
