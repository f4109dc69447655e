// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/view.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/shm/space.h"

#include <string.h>

/**
 * Overlap of a new window with the last one, whose mapping it is cut from: the largest page size
 * there is.
 */
#define WINDOW_OVERLAP ((uint64_t)64 << 10)
#define WINDOW_FIRST_EXTENTS 4u
/**
 * How many requests for extents are refused unasked after a disk was found full: a file system may
 * take milliseconds to say so. Doubles up to the last.
 */
#define REFUSALS_FIRST 64u
#define REFUSALS_LAST 65536u

static uint8_t *map_shared(int fd, uint64_t offset, uint64_t len)
{
	uint8_t *memory = sys_mmap(NULL, len, SYS_PROT_READ | SYS_PROT_WRITE, SYS_MAP_SHARED, fd,
				   (int64_t)offset);
	if (sys_failed((long)memory)) {
		return NULL;
	}
	sys_madvise(memory, len, SYS_MADV_DONTDUMP);
	return memory;
}

static bool header_is_ours(const struct segment_header *header, uint32_t slot_number)
{
	return header->magic == SEGMENT_MAGIC && header->version == SEGMENT_VERSION
		&& header->header_bytes == sizeof(struct segment_header)
		&& slot_number < SLOT_COUNT
		&& header->size_bytes >= extent_offset(WINDOW_FIRST_EXTENTS);
}

/**
 * Map extents from first on through fd, or without it by duplicating the end of the last window.
 */
static bool window_map(struct segment_view *view, int fd, uint32_t first, uint32_t count)
{
	uint64_t len = count * EXTENT_BYTES;
	uint8_t *memory;
	if (fd >= 0) {
		memory = map_shared(fd, extent_offset(first), len);
		if (!memory) {
			return false;
		}
	} else {
		uint64_t gap = (first - view->window_first - view->window_count) * EXTENT_BYTES;
		uint8_t *tail = view->window + view->window_count * EXTENT_BYTES - WINDOW_OVERLAP;
		uint64_t lead = WINDOW_OVERLAP + gap;
		uint8_t *copy = sys_mremap(tail, 0, lead + len, SYS_MREMAP_MAYMOVE, NULL);
		if (sys_failed((long)copy)) {
			return false;
		}
		sys_munmap(copy, lead);
		memory = copy + lead;
		sys_madvise(memory, len, SYS_MADV_DONTDUMP);
	}
	view->window = memory;
	view->window_first = first;
	view->window_count = count;
	view->mapped_extents += count;
	return true;
}

bool view_open(struct segment_view *view, int fd, uint32_t slot_number)
{
	uint8_t *front = map_shared(fd, 0, SEGMENT_FRONT_BYTES);
	if (!front) {
		return false;
	}
	view->header = (struct segment_header *)front;
	if (!header_is_ours(view->header, slot_number)) {
		sys_munmap(front, SEGMENT_FRONT_BYTES);
		return false;
	}
	uint8_t *slot = map_shared(fd, slot_offset(slot_number), SLOT_BYTES);
	if (!slot) {
		sys_munmap(front, SEGMENT_FRONT_BYTES);
		return false;
	}
	view->slot = (struct slot *)slot;
	view->slot_number = slot_number;
	view->refusals_next = REFUSALS_FIRST;
	/* After an exec the arenas have extents already: the first window spans them all. */
	uint32_t used = load_relaxed(&view->header->next_extent);
	uint32_t count = used + used / 4 + WINDOW_FIRST_EXTENTS;
	if (extent_offset(count) > view->header->size_bytes || !window_map(view, fd, 0, count)) {
		sys_munmap(slot, SLOT_BYTES);
		sys_munmap(front, SEGMENT_FRONT_BYTES);
		return false;
	}
	for (uint32_t a = 0; a < SHARED_ARENA_COUNT; a++) {
		const uint32_t *row = (uint32_t *)(front + arena_row_offset(a));
		for (uint32_t i = 0; i < view->header->arena[a].extents; i++) {
			view->shared[a][i] = view->window + row[i] * EXTENT_BYTES;
		}
	}
	return true;
}

/** Map a new window that begins with extents [first, first + count). */
static bool window_advance(struct segment_view *view, uint32_t first, uint32_t count)
{
	uint32_t more = view->mapped_extents / 4;
	uint32_t wanted = more > count ? more : count;
	if (extent_offset(first + wanted) > view->header->size_bytes) {
		wanted = count;
	}
	return window_map(view, -1, first, wanted) || window_map(view, -1, first, count);
}

static bool is_on_disk(const struct segment_view *view)
{
	return view->header->flags & SEGMENT_ON_DISK;
}

/** Space for count extents that are mapped at memory. Memory that is no file's has it anyway. */
static bool extents_take_space(struct segment_view *view, uint8_t *memory, uint32_t count)
{
	if (!is_on_disk(view)) {
		return true;
	}
	if (view->refusals_left) {
		view->refusals_left--;
		return false;
	}
	if (space_take(memory, count * EXTENT_BYTES)) {
		view->refusals_next = REFUSALS_FIRST;
		return true;
	}
	view->refusals_left = view->refusals_next;
	if (view->refusals_next < REFUSALS_LAST) {
		view->refusals_next *= 2;
	}
	return false;
}

void *view_take_extents(struct segment_view *view, uint32_t count, uint32_t *ret_first)
{
	uint32_t *next = &view->header->next_extent;
	uint32_t seen = load_relaxed(next);
	for (;;) {
		/* A window that was made for extents which then got no space lies ahead. */
		uint32_t first = seen < view->window_first ? view->window_first : seen;
		uint32_t window_end = view->window_first + view->window_count;
		bool fits = first + count <= window_end;
		if (!fits && first < window_end) {
			/* What is left of the old window is given up: file offsets, no memory. */
			first = window_end;
		}
		/* Nothing is taken before it is mapped and has its space: a failure, under a limit
		   that may be lifted later, leaves no gap. */
		if (first + count < first
		    || extent_offset(first + count) > view->header->size_bytes
		    || (!fits && !window_advance(view, first, count))) {
			return NULL;
		}
		uint8_t *memory = view->window + (first - view->window_first) * EXTENT_BYTES;
		if (!extents_take_space(view, memory, count)) {
			return NULL;
		}
		/* Another process may have taken some meanwhile. */
		if (cas_acq_rel(next, &seen, first + count)) {
			*ret_first = first;
			return memory;
		}
	}
}

/** Put count new extents at the end of an arena's row. */
static bool arena_grow(struct segment_view *view, struct arena *arena, uint32_t *row,
		       uint8_t **mapped, uint32_t count)
{
	if (arena->extents + count > ARENA_EXTENTS_MAX) {
		return false;
	}
	uint32_t first;
	uint8_t *memory = view_take_extents(view, count, &first);
	if (!memory) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		row[arena->extents + i] = first + i;
		mapped[arena->extents + i] = memory + i * EXTENT_BYTES;
	}
	barrier_compiler();
	arena->extents += count;
	return true;
}

static uint32_t arena_add(struct segment_view *view, struct arena *arena, uint32_t *row,
			  uint8_t **mapped, uint32_t units)
{
	uint64_t per_extent = EXTENT_BYTES / arena->element_bytes;
	uint64_t k = arena->used;
	/* A piece that would straddle the last extent starts in the next; a larger one gets extents
	   of its own, which are consecutive. */
	uint64_t left = per_extent - k % per_extent;
	if (units > left && !(k % per_extent == 0)) {
		k += left;
	}
	uint64_t end_extent = (k + units + per_extent - 1) / per_extent;
	if (end_extent * per_extent > UINT32_MAX) {
		return 0;
	}
	if (end_extent > arena->extents) {
		/* A large piece must begin in extents that follow each other: take them together.
		   */
		if (units > per_extent && k / per_extent < arena->extents) {
			k = arena->extents * per_extent;
			end_extent = (k + units + per_extent - 1) / per_extent;
		}
		if (!arena_grow(view, arena, row, mapped,
				(uint32_t)(end_extent - arena->extents))) {
			return 0;
		}
	}
	arena->used = k + units;
	return (uint32_t)k;
}

uint32_t view_add_shared(struct segment_view *view, enum shared_arena which, uint32_t units)
{
	uint32_t *row = (uint32_t *)((uint8_t *)view->header + arena_row_offset(which));
	return arena_add(view, &view->header->arena[which], row, view->shared[which], units);
}

uint32_t view_add_own(struct segment_view *view, enum slot_arena which, uint32_t units)
{
	uint32_t *row = (uint32_t *)((uint8_t *)view->slot + slot_row_offset(0, which)
				     - slot_offset(0));
	return arena_add(view, &view->slot->arena[which], row, view->own[which], units);
}

bool view_reach_shared(struct segment_view *view, enum shared_arena which, uint32_t k)
{
	struct arena *arena = &view->header->arena[which];
	uint32_t *row = (uint32_t *)((uint8_t *)view->header + arena_row_offset(which));
	uint32_t wanted = k / (uint32_t)(EXTENT_BYTES / arena->element_bytes) + 1;
	while (arena->extents < wanted) {
		if (!arena_grow(view, arena, row, view->shared[which], 1)) {
			return false;
		}
	}
	if (arena->used <= k) {
		/* Pairs with the load in ledger_has. */
		store_release(&arena->used, (uint64_t)k + 1);
	}
	return true;
}

/**
 * Punch the memory of count extents from first on out of the file, wherever they are mapped now.
 */
static void extents_drop(struct segment_view *view, uint32_t first, uint32_t count)
{
	if (first >= view->window_first
	    && first + count <= view->window_first + view->window_count) {
		sys_madvise(view->window + (first - view->window_first) * EXTENT_BYTES,
			    count * EXTENT_BYTES, SYS_MADV_REMOVE);
	}
}

/** Zero an extent that will be used again. On a disk it keeps its space, which it has for sure. */
static void extent_clear(struct segment_view *view, uint32_t number)
{
	if (is_on_disk(view)) {
		memset(view->window + (number - view->window_first) * EXTENT_BYTES, 0,
		       EXTENT_BYTES);
	} else {
		extents_drop(view, number, 1);
	}
}

void view_reset_own(struct segment_view *view)
{
	struct slot *slot = view->slot;
	const struct region *regions = view_regions(view);
	for (uint32_t i = 0; i < slot->region_count && i < REGIONS_MAX; i++) {
		extents_drop(view, regions[i].first_extent, REGION_EXTENTS);
	}
	slot->region_count = 0;
	for (uint32_t a = 0; a < SLOT_ARENA_COUNT; a++) {
		const uint32_t *row = (uint32_t *)((uint8_t *)slot + slot_row_offset(0, a)
						   - slot_offset(0));
		for (uint32_t i = 0; i < slot->arena[a].extents; i++) {
			extent_clear(view, row[i]);
			view->own[a][i] = view->window
				+ (row[i] - view->window_first) * EXTENT_BYTES;
		}
		slot->arena[a].used = 1;
	}
}

void view_clear_bytes(const struct segment_view *view, void *memory, uint64_t bytes)
{
	if (is_on_disk(view) || sys_failed(sys_madvise(memory, bytes, SYS_MADV_REMOVE))) {
		memset(memory, 0, bytes);
	}
}

static void clear_elements(const struct segment_view *view, const struct arena *arena,
			   uint8_t *const *mapped)
{
	for (uint32_t i = 0; i < arena->extents; i++) {
		view_clear_bytes(view, mapped[i], EXTENT_BYTES);
	}
}

void view_clear_own(struct segment_view *view, enum slot_arena which)
{
	clear_elements(view, &view->slot->arena[which], view->own[which]);
	view->slot->arena[which].used = 1;
}

void view_clear_shared(struct segment_view *view, enum shared_arena which)
{
	clear_elements(view, &view->header->arena[which], view->shared[which]);
}
