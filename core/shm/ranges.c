// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/ranges.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"

#include <string.h>

#define LEAVES_FIRST 512u
/** Leaves are mapped so many at a time. */
#define LEAVES_MAPPED 8

static bool leaves_reserve(struct range_index *index)
{
	if (index->leaf_count < index->leaf_capacity) {
		return true;
	}
	uint32_t capacity = index->leaf_capacity ? index->leaf_capacity * 2 : LEAVES_FIRST;
	struct range_leaf **leaves = sys_map_private(capacity * sizeof(*leaves));
	if (!leaves) {
		return false;
	}
	if (index->leaves) {
		memcpy(leaves, index->leaves, index->leaf_count * sizeof(*leaves));
		sys_munmap(index->leaves, index->leaf_capacity * sizeof(*leaves));
	}
	index->leaves = leaves;
	index->leaf_capacity = capacity;
	return true;
}

static void leaf_spare(struct range_index *index, struct range_leaf *leaf)
{
	*(struct range_leaf **)leaf = index->spare;
	index->spare = leaf;
}

/** An empty leaf at a place in the order; NULL if there is no memory. */
static struct range_leaf *leaf_insert(struct range_index *index, uint32_t at)
{
	if (!leaves_reserve(index)) {
		return NULL;
	}
	if (!index->spare) {
		struct range_leaf *more = sys_map_private(LEAVES_MAPPED * sizeof(*more));
		for (int i = 0; more && i < LEAVES_MAPPED; i++) {
			leaf_spare(index, more + i);
		}
	}
	struct range_leaf *leaf = index->spare;
	if (!leaf) {
		return NULL;
	}
	index->spare = *(struct range_leaf **)leaf;
	leaf->count = 0;
	memmove(index->leaves + at + 1, index->leaves + at,
		(index->leaf_count - at) * sizeof(*index->leaves));
	index->leaves[at] = leaf;
	index->leaf_count++;
	return leaf;
}

static void leaf_remove(struct range_index *index, uint32_t at)
{
	leaf_spare(index, index->leaves[at]);
	index->leaf_count--;
	memmove(index->leaves + at, index->leaves + at + 1,
		(index->leaf_count - at) * sizeof(*index->leaves));
}

/** Give the upper half of a full leaf to a new one behind it. */
static bool leaf_split(struct range_index *index, uint32_t at)
{
	struct range_leaf *upper = leaf_insert(index, at + 1);
	if (!upper) {
		return false;
	}
	struct range_leaf *lower = index->leaves[at];
	uint32_t keep = lower->count / 2;
	upper->count = lower->count - keep;
	memcpy(upper->numbers, lower->numbers + keep, upper->count * sizeof(uint32_t));
	lower->count = keep;
	return true;
}

bool ranges_seek(const struct range_index *index, const struct segment_view *view,
		 uintptr_t address, struct range_position *ret)
{
	/* First the leaf whose last range ends after address, then the range in it. */
	uint32_t low = 0;
	uint32_t high = index->leaf_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct range_position last = { middle, index->leaves[middle]->count - 1 };
		if (ranges_at(index, view, last)->end <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == index->leaf_count) {
		return false;
	}
	struct range_position at = { low, 0 };
	high = index->leaves[low]->count;
	while (at.slot < high) {
		struct range_position middle = { at.leaf, at.slot + (high - at.slot) / 2 };
		if (ranges_at(index, view, middle)->end <= address) {
			at.slot = middle.slot + 1;
		} else {
			high = middle.slot;
		}
	}
	*ret = at;
	return true;
}

/** The place where a range that starts at start belongs: in a leaf with room. */
static bool make_room(struct range_index *index, const struct segment_view *view, uintptr_t start,
		      struct range_position *ret)
{
	if (!ranges_seek(index, view, start, ret)) {
		/* Behind all others. */
		if (!index->leaf_count && !leaf_insert(index, 0)) {
			return false;
		}
		ret->leaf = index->leaf_count - 1;
		ret->slot = index->leaves[ret->leaf]->count;
	}
	if (index->leaves[ret->leaf]->count < RANGE_LEAF_MAX) {
		return true;
	}
	if (!leaf_split(index, ret->leaf)) {
		return false;
	}
	uint32_t kept = index->leaves[ret->leaf]->count;
	if (ret->slot > kept) {
		ret->leaf++;
		ret->slot -= kept;
	}
	return true;
}

static bool index_insert(struct range_index *index, const struct segment_view *view, uint32_t k)
{
	struct range_position at;
	if (!make_room(index, view, view_range(view, k)->start, &at)) {
		return false;
	}
	struct range_leaf *leaf = index->leaves[at.leaf];
	memmove(leaf->numbers + at.slot + 1, leaf->numbers + at.slot,
		(leaf->count - at.slot) * sizeof(uint32_t));
	leaf->numbers[at.slot] = k;
	leaf->count++;
	index->count++;
	return true;
}

static uint32_t range_take(struct range_index *index, struct segment_view *view)
{
	uint32_t k = index->free;
	if (k) {
		index->free = (uint32_t)view_range(view, k)->bytes;
		return k;
	}
	return view_add_own(view, ARENA_RANGE, 1);
}

static void range_give(struct range_index *index, const struct segment_view *view, uint32_t k)
{
	struct range *element = view_range(view, k);
	element->entry = 0;
	barrier_compiler();
	element->bytes = index->free;
	index->free = k;
}

bool ranges_add(struct range_index *index, struct segment_view *view, const struct range *range)
{
	uint32_t k = range_take(index, view);
	if (!k) {
		return false;
	}
	struct range *element = view_range(view, k);
	element->start = range->start;
	element->end = range->end;
	element->flags = range->flags;
	element->bytes = range->bytes;
	/* A reader takes an element with an entry for a whole one. */
	barrier_compiler();
	element->entry = range->entry;
	if (!index_insert(index, view, k)) {
		range_give(index, view, k);
		return false;
	}
	return true;
}

void ranges_remove(struct range_index *index, struct segment_view *view, struct range_position at)
{
	struct range_leaf *leaf = index->leaves[at.leaf];
	range_give(index, view, leaf->numbers[at.slot]);
	leaf->count--;
	index->count--;
	memmove(leaf->numbers + at.slot, leaf->numbers + at.slot + 1,
		(leaf->count - at.slot) * sizeof(uint32_t));
	if (leaf->count == 0) {
		leaf_remove(index, at.leaf);
	}
}

/** Take the middle out of a range: it ends there, and its tail becomes one of its own. */
static bool split(struct range_index *index, struct segment_view *view, struct range *range,
		  const struct range *piece)
{
	struct range tail = *range;
	tail.start = piece->end;
	tail.bytes = tail.end - tail.start;
	range->end = piece->start;
	range->bytes = range->end - range->start;
	if (!ranges_add(index, view, &tail)) {
		/* No room for the tail: put the range back whole and leave the hole counted. */
		range->end = tail.end;
		range->bytes = range->end - range->start;
		return false;
	}
	return true;
}

bool ranges_cut(struct range_index *index, struct segment_view *view, uintptr_t start,
		uintptr_t end, struct range *ret_piece, int *ret_blocks)
{
	struct range_position at;
	if (!ranges_seek(index, view, start, &at)) {
		return false;
	}
	struct range *range = ranges_at(index, view, at);
	if (range->start >= end) {
		return false;
	}
	struct range piece = *range;
	piece.start = range->start > start ? range->start : start;
	piece.end = range->end < end ? range->end : end;
	piece.bytes = piece.end - piece.start;
	*ret_blocks = 0;
	if (piece.start == range->start && piece.end == range->end) {
		*ret_blocks = 1;
		ranges_remove(index, view, at);
	} else if (piece.start == range->start) {
		range->start = piece.end;
		range->bytes = range->end - range->start;
	} else if (piece.end == range->end) {
		range->end = piece.start;
		range->bytes = range->end - range->start;
	} else if (split(index, view, range, &piece)) {
		*ret_blocks = -1;
	} else {
		return false;
	}
	*ret_piece = piece;
	return true;
}

void ranges_clear(struct range_index *index)
{
	while (index->leaf_count) {
		leaf_spare(index, index->leaves[--index->leaf_count]);
	}
	index->free = 0;
	index->count = 0;
}

void ranges_rebuild(struct range_index *index, struct segment_view *view, uint32_t kind)
{
	memset(index, 0, sizeof(*index));
	for (uint32_t k = 1; k < view->slot->arena[ARENA_RANGE].used; k++) {
		struct range *range = view_range(view, k);
		if (!range->entry || (range->flags & RANGE_BLOCK) != kind) {
			continue;
		}
		if (!kind) {
			range->bytes = range->end - range->start;
		}
		index_insert(index, view, k);
	}
}
