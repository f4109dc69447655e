// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Ranges of address space that are held as a whole: anonymous mappings, and blocks too large for a
 * slab entry. Each kind has an index of its own, in which ranges never overlap; they are few (the kernel allows a process
 * 65,530 mappings), so a sorted index of their numbers, private to the process, finds them.
 *
 * A mapping that cannot be accessed is known but idle (RANGE_IDLE): it counts when it becomes
 * writable. All under the slot's lock.
 */
#ifndef CORE_SHM_RANGES_H
#define CORE_SHM_RANGES_H

#include "core/shm/view.h"

/** Zeroed: empty. */
struct range_index {
	/** Numbers of struct range, sorted by start. Private memory of the process. */
	uint32_t *numbers;
	uint32_t count;
	uint32_t capacity;
	/** First free element of the arena, through range.bytes; 0: none. */
	uint32_t free;
};

/** Add a range; the caller has cut what was there. False if there is no space. */
bool ranges_add(struct range_index *index, struct segment_view *view, const struct range *range);

/** Position in the index of the first range that ends after address; index->count if none. */
uint32_t ranges_seek(const struct range_index *index, const struct segment_view *view,
		     uintptr_t address);

/** The range at a position. */
attr_inline struct range *ranges_at(const struct range_index *index,
				    const struct segment_view *view, uint32_t position)
{
	return view_range(view, index->numbers[position]);
}

/** Remove the range at a position. */
void ranges_remove(struct range_index *index, struct segment_view *view, uint32_t position);

/**
 * Take [start, end) out of the first range that overlaps it, splitting or trimming that range.
 * ret_piece receives the part that was taken out (its start, end, entry, flags; bytes its length);
 * ret_blocks how many ranges fewer there are: 1 if it was all of one, 0 if an end, -1 if the middle.
 * False when nothing overlaps any more, or when a split found
 * no space (then the range keeps its tail, and nothing is lost but exactness).
 */
bool ranges_cut(struct range_index *index, struct segment_view *view, uintptr_t start,
		uintptr_t end, struct range *ret_piece, int *ret_blocks);

/**
 * Make an index anew from the elements of the arena, those with that RANGE_BLOCK flag or without
 * it: a change was left half done. Its free list is lost with it, which costs some elements.
 */
void ranges_rebuild(struct range_index *index, struct segment_view *view, uint32_t kind);

#endif
