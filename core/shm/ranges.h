// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Ranges of address space that are held as a whole: anonymous mappings, and blocks too large for a
 * slab entry. Each kind has an index of its own, in which ranges never overlap. There may be a
 * million of them (the kernel merges neighbouring mappings, we do not), so the index is in two
 * levels: leaves of sorted numbers, and the leaves in order.
 *
 * A mapping that cannot be accessed is known but idle (RANGE_IDLE): it counts when it becomes
 * writable. All under the slot's lock.
 */
#ifndef CORE_SHM_RANGES_H
#define CORE_SHM_RANGES_H

#include "core/shm/view.h"

#define RANGE_LEAF_MAX 511

/** Sorted by start; never empty. */
struct range_leaf {
	uint32_t count;
	uint32_t numbers[RANGE_LEAF_MAX];
};

/** Zeroed: empty. Private memory of the process. */
struct range_index {
	struct range_leaf **leaves;
	uint32_t leaf_count;
	uint32_t leaf_capacity;
	/** Leaves that are not used, linked through their first words. */
	struct range_leaf *spare;
	/** First free element of the arena, through range.bytes; 0: none. */
	uint32_t free;
	/** Ranges in the index. */
	uint32_t count;
};

/** Where a range stands in the index, until the next change. */
struct range_position {
	uint32_t leaf;
	uint32_t slot;
};

/** Add a range; the caller has cut what was there. False if there is no space. */
bool ranges_add(struct range_index *index, struct segment_view *view, const struct range *range);

/** The first range that ends after address. False if there is none. */
bool ranges_seek(const struct range_index *index, const struct segment_view *view,
		 uintptr_t address, struct range_position *ret);

/** The range at a position. */
attr_inline struct range *ranges_at(const struct range_index *index,
				    const struct segment_view *view, struct range_position at)
{
	return view_range(view, index->leaves[at.leaf]->numbers[at.slot]);
}

/** Remove the range at a position. */
void ranges_remove(struct range_index *index, struct segment_view *view, struct range_position at);

/**
 * Take [start, end) out of the first range that overlaps it, splitting or trimming that range.
 * ret_piece receives the part that was taken out (its start, end, entry, flags; bytes its length);
 * ret_blocks how many ranges fewer there are: 1 if it was all of one, 0 if an end, -1 if the
 * middle. False when nothing overlaps any more, or when a split found no space (then the range
 * keeps its tail, and nothing is lost but exactness).
 */
bool ranges_cut(struct range_index *index, struct segment_view *view, uintptr_t start,
		uintptr_t end, struct range *ret_piece, int *ret_blocks);

/** Forget all ranges of an index; its memory is kept. The arena is for the caller to clear. */
void ranges_clear(struct range_index *index);

/**
 * Make an index anew from the elements of the arena, those with that RANGE_BLOCK flag or without
 * it: a change was left half done. Its free lists are lost with it, which costs some elements.
 */
void ranges_rebuild(struct range_index *index, struct segment_view *view, uint32_t kind);

#endif
