// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A process's own view of the segment: where its parts are mapped, and how they grow.
 *
 * Extents are mapped in windows, each at least a quarter of what is mapped already, so that address
 * space stays in proportion to use and the number of mappings stays small. A window after the first
 * is made without a descriptor: mremap of length 0 duplicates a shared mapping and may be longer
 * than the original (mremap(2), "if the value of old_size is zero"). Pointers into the segment
 * never move.
 *
 * Everything here that changes the view runs under the slot's lock.
 */
#ifndef CORE_SHM_VIEW_H
#define CORE_SHM_VIEW_H

#include "core/base/attributes.h"
#include "core/shm/segment.h"

#include <stdbool.h>

struct segment_view {
	struct segment_header *header;
	struct slot *slot;
	uint32_t slot_number;
	/** The last window: its address, its first extent and how many extents it has. */
	uint8_t *window;
	uint32_t window_first;
	uint32_t window_count;
	uint32_t mapped_extents;
	/** The disk was full: so many further extents are not even asked for, and the next time. */
	uint32_t refusals_left;
	uint32_t refusals_next;
	/** Where each extent of each arena is mapped, by position in the arena's row. */
	uint8_t *shared[SHARED_ARENA_COUNT][ARENA_EXTENTS_MAX];
	uint8_t *own[SLOT_ARENA_COUNT][ARENA_EXTENTS_MAX];
};

/**
 * Map the front, slot slot_number and a first window through fd, which is not needed afterwards.
 * False if anything is refused or the file is no segment of this version: nothing stays mapped.
 */
bool view_open(struct segment_view *view, int fd, uint32_t slot_number);

/**
 * Number of a new element (units elements in one piece, not across extents); 0 if there is no
 * space.
 */
uint32_t view_add_shared(struct segment_view *view, enum shared_arena which, uint32_t units);
uint32_t view_add_own(struct segment_view *view, enum slot_arena which, uint32_t units);

/**
 * Elements of an arena that has the numbers of another's exist up to k, zeroed if they are new.
 * False: no space.
 */
bool view_reach_shared(struct segment_view *view, enum shared_arena which, uint32_t k);

/**
 * count consecutive extents, mapped in one piece; NULL if there is no space. For tables larger than
 * an extent.
 */
void *view_take_extents(struct segment_view *view, uint32_t count, uint32_t *ret_first);

/** Forget all elements of the slot's arenas and give their memory back: a new image has started. */
void view_reset_own(struct segment_view *view);

/** Forget the elements of one of them while the image runs on. */
void view_clear_own(struct segment_view *view, enum slot_arena which);

/** Zero the elements of a shared arena. */
void view_clear_shared(struct segment_view *view, enum shared_arena which);

/** Zero bytes of extents, giving their memory back; on a disk they keep their space. */
void view_clear_bytes(const struct segment_view *view, void *memory, uint64_t bytes);

/* Addresses of elements. The element must exist. One load, a shift and an add. */

attr_inline struct node *view_node(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct node);
	return (struct node *)view->shared[ARENA_NODE][k / per] + k % per;
}

/** What one of the arenas of accounts has of entry k. */
attr_inline struct entry *view_account(const struct segment_view *view, enum shared_arena which,
				       uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct entry);
	return (struct entry *)view->shared[which][k / per] + k % per;
}

attr_inline struct entry *view_entry(const struct segment_view *view, uint32_t k)
{
	return view_account(view, ARENA_ENTRY, k);
}

/** What the scope has of entry k. */
attr_inline struct entry *view_scope_entry(const struct segment_view *view, uint32_t k)
{
	return view_account(view, ARENA_SCOPE, k);
}

attr_inline struct code *view_code(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct code);
	return (struct code *)view->shared[ARENA_CODE][k / per] + k % per;
}

attr_inline struct text *view_text(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / TEXT_UNIT;
	return (struct text *)(view->shared[ARENA_TEXT][k / per] + k % per * TEXT_UNIT);
}

attr_inline uint64_t *view_slab(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(uint64_t);
	return (uint64_t *)view->own[ARENA_SLAB][k / per] + k % per;
}

attr_inline struct range *view_range(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct range);
	return (struct range *)view->own[ARENA_RANGE][k / per] + k % per;
}

attr_inline struct thread_record *view_thread(const struct segment_view *view, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct thread_record);
	return (struct thread_record *)view->own[ARENA_THREAD][k / per] + k % per;
}

/** The heads of the intern tables. */
attr_inline uint32_t *view_node_roots(const struct segment_view *view)
{
	return (uint32_t *)((uint8_t *)view->header + SEGMENT_ROOTS_OFFSET);
}

attr_inline uint32_t *view_code_roots(const struct segment_view *view)
{
	return view_node_roots(view) + ROOT_NODES;
}

attr_inline uint32_t *view_text_roots(const struct segment_view *view)
{
	return view_code_roots(view) + ROOT_CODES;
}

/** The slot's table of regions. */
attr_inline struct region *view_regions(const struct segment_view *view)
{
	return (struct region *)((uint8_t *)view->slot + SLOT_REGIONS_OFFSET);
}

#endif
