// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/ranges.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"

#include <string.h>

#define INDEX_FIRST_BYTES ((size_t)16384)

/** Room for one more number. */
static bool index_reserve(struct range_index *index)
{
	if (index->count < index->capacity) {
		return true;
	}
	size_t old_bytes = index->capacity * sizeof(uint32_t);
	size_t bytes = old_bytes ? old_bytes * 2 : INDEX_FIRST_BYTES;
	void *memory = old_bytes
		? sys_mremap(index->numbers, old_bytes, bytes, SYS_MREMAP_MAYMOVE, NULL)
		: sys_map_private(bytes);
	if (!memory || sys_failed((long)memory)) {
		return false;
	}
	index->numbers = memory;
	index->capacity = (uint32_t)(bytes / sizeof(uint32_t));
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

uint32_t ranges_seek(const struct range_index *index, const struct segment_view *view,
		     uintptr_t address)
{
	uint32_t low = 0;
	uint32_t high = index->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (ranges_at(index, view, middle)->end <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static void index_insert(struct range_index *index, const struct segment_view *view, uint32_t k)
{
	uint32_t position = ranges_seek(index, view, view_range(view, k)->start);
	memmove(index->numbers + position + 1, index->numbers + position,
		(index->count - position) * sizeof(uint32_t));
	index->numbers[position] = k;
	index->count++;
}

bool ranges_add(struct range_index *index, struct segment_view *view, const struct range *range)
{
	if (!index_reserve(index)) {
		return false;
	}
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
	index_insert(index, view, k);
	return true;
}

void ranges_remove(struct range_index *index, struct segment_view *view, uint32_t position)
{
	uint32_t k = index->numbers[position];
	struct range *element = view_range(view, k);
	element->entry = 0;
	barrier_compiler();
	element->bytes = index->free;
	index->free = k;
	index->count--;
	memmove(index->numbers + position, index->numbers + position + 1,
		(index->count - position) * sizeof(uint32_t));
}

bool ranges_cut(struct range_index *index, struct segment_view *view, uintptr_t start,
		uintptr_t end, struct range *ret_piece, int *ret_blocks)
{
	uint32_t position = ranges_seek(index, view, start);
	if (position == index->count) {
		return false;
	}
	struct range *range = ranges_at(index, view, position);
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
		ranges_remove(index, view, position);
	} else if (piece.start == range->start) {
		range->start = piece.end;
		range->bytes = range->end - range->start;
	} else if (piece.end == range->end) {
		range->end = piece.start;
		range->bytes = range->end - range->start;
	} else {
		struct range tail = *range;
		tail.start = piece.end;
		tail.bytes = tail.end - tail.start;
		range->end = piece.start;
		range->bytes = range->end - range->start;
		if (!ranges_add(index, view, &tail)) {
			/* No room for the tail: put the range back whole and leave the hole counted. */
			range->end = tail.end;
			range->bytes = range->end - range->start;
			return false;
		}
		*ret_blocks = -1;
	}
	*ret_piece = piece;
	return true;
}

void ranges_rebuild(struct range_index *index, struct segment_view *view, uint32_t kind)
{
	index->count = 0;
	index->free = 0;
	for (uint32_t k = 1; k < view->slot->arena[ARENA_RANGE].used; k++) {
		struct range *range = view_range(view, k);
		if (!range->entry || (range->flags & RANGE_BLOCK) != kind) {
			continue;
		}
		if (!kind) {
			range->bytes = range->end - range->start;
		}
		if (index_reserve(index)) {
			index_insert(index, view, k);
		}
	}
}
