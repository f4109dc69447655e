// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/live.h"

#include "core/base/atomic.h"

#include <string.h>

#define PAGE_MASK (((uintptr_t)1 << LIVE_PAGE_SHIFT) - 1)

static uint64_t page_word(uint32_t slab, unsigned granule, unsigned blocks)
{
	return slab | (uint64_t)granule << 32 | (uint64_t)blocks << 40;
}

static uint64_t *region_add(struct live_table *table, struct segment_view *view, uintptr_t number)
{
	struct slot *slot = view->slot;
	uint32_t first;
	if (slot->region_count >= REGIONS_MAX) {
		return NULL;
	}
	uint64_t *pages = view_take_extents(view, REGION_EXTENTS, &first);
	if (!pages) {
		return NULL;
	}
	view_regions(view)[slot->region_count] = (struct region){ (uint32_t)number, first };
	/* A reader of the dead process sees a counted region complete. */
	barrier_compiler();
	slot->region_count++;
	table->regions[number] = pages;
	return pages;
}

/** A zeroed slab for a granule; 0 if there is no space. */
static uint32_t slab_take(struct live_table *table, struct segment_view *view, unsigned granule)
{
	uint32_t slab = table->free_slabs[granule];
	if (slab) {
		uint64_t *words = view_slab(view, slab);
		table->free_slabs[granule] = (uint32_t)words[0];
		words[0] = 0;
		return slab;
	}
	/* Aligned to its size by the arena's rule: sizes are powers of two and no piece straddles
	   an extent, but pieces of different sizes need not be aligned to each other, and need not.
	   */
	return view_add_own(view, ARENA_SLAB, 1u << (LIVE_PAGE_SHIFT - granule));
}

static void slab_give(struct live_table *table, struct segment_view *view, uint32_t slab,
		      unsigned granule)
{
	view_slab(view, slab)[0] = table->free_slabs[granule];
	table->free_slabs[granule] = slab;
}

/** Replace the page's slab by one of a smaller granule. False: no space, the page is as it was. */
static bool page_rebuild(struct live_table *table, struct segment_view *view, uint64_t *page,
			 unsigned granule)
{
	uint32_t old_slab = page_slab(*page);
	unsigned old_granule = page_granule(*page);
	uint32_t slab = slab_take(table, view, granule);
	if (!slab) {
		return false;
	}
	uint64_t *from = view_slab(view, old_slab);
	uint64_t *to = view_slab(view, slab);
	for (unsigned i = 0; i < 1u << (LIVE_PAGE_SHIFT - old_granule); i++) {
		if (from[i]) {
			to[live_start(from[i]) >> granule] = from[i];
		}
	}
	/* The full slab before the word that names it; the old slab is cleared after. */
	barrier_compiler();
	*(volatile uint64_t *)page = page_word(slab, granule, page_blocks(*page));
	barrier_compiler();
	for (unsigned i = 0; i < 1u << (LIVE_PAGE_SHIFT - old_granule); i++) {
		from[i] = 0;
	}
	slab_give(table, view, old_slab, old_granule);
	return true;
}

enum live_result live_insert_slowly(struct live_table *table, struct segment_view *view,
				    uintptr_t address, struct live_block block, unsigned granule)
{
	uintptr_t number = address >> LIVE_REGION_SHIFT;
	if (number >= LIVE_REGION_NUMBERS
	    || (!table->regions[number] && !region_add(table, view, number))) {
		return LIVE_NO_SPACE;
	}
	uint64_t *page = live_page(table, address);
	if (!page_slab(*page)) {
		uint32_t slab = slab_take(table, view, granule);
		if (!slab) {
			return LIVE_NO_SPACE;
		}
		*page = page_word(slab, granule, 0);
	}
	uintptr_t offset = address & PAGE_MASK;
	uint64_t *word = live_word(view, *page, address);
	while (*word) {
		if (live_start(*word) == offset) {
			return LIVE_OCCUPIED;
		}
		/* Two blocks in one granule: part them. Their starts differ by 8 at least. */
		unsigned smaller = page_granule(*page);
		while (smaller > LIVE_GRANULE_MIN
		       && live_start(*word) >> smaller == offset >> smaller) {
			smaller--;
		}
		if (live_start(*word) >> smaller == offset >> smaller
		    || !page_rebuild(table, view, page, smaller)) {
			return LIVE_NO_SPACE;
		}
		word = live_word(view, *page, address);
	}
	*page += (uint64_t)1 << 40;
	*(volatile uint64_t *)word = live_pack(address, block);
	if (block.flags & LIVE_SCOPE) {
		live_note_scope(table, address);
	}
	return LIVE_INSERTED;
}

void live_page_emptied(struct live_table *table, struct segment_view *view, uint64_t *page)
{
	uint32_t slab = page_slab(*page);
	unsigned granule = page_granule(*page);
	*page = 0;
	slab_give(table, view, slab, granule);
}

void live_clear(struct live_table *table, struct segment_view *view)
{
	const struct region *regions = view_regions(view);
	for (uint32_t i = 0; i < view->slot->region_count; i++) {
		view_clear_bytes(view, table->regions[regions[i].number],
				 REGION_EXTENTS * EXTENT_BYTES);
	}
	memset(table->free_slabs, 0, sizeof(table->free_slabs));
	view_clear_own(view, ARENA_SLAB);
}

bool live_mark_code(struct live_table *table, struct segment_view *view, uintptr_t address)
{
	struct live_place place;
	if (!live_seek(table, view, address, &place)) {
		return false;
	}
	*place.word |= (uint64_t)LIVE_CODE << 26;
	return true;
}

/* ---- blocks of a scope ---- */

#define PLACES_MAX (LIVE_SCOPE_PLACES / 2)

void live_note_scope(struct live_table *table, uintptr_t address)
{
	uint32_t place = (uint32_t)(address >> LIVE_PLACE_SHIFT);
	/* Fibonacci hashing; the table is never more than half full. */
	uint32_t k = place * 2654435769u / (UINT32_MAX / LIVE_SCOPE_PLACES + 1);
	while (table->scope_places[k] && table->scope_places[k] != place) {
		k = (k + 1) % LIVE_SCOPE_PLACES;
	}
	if (!table->scope_places[k] && table->scope_place_count <= PLACES_MAX) {
		table->scope_place_count++;
		table->scope_places[k] = table->scope_place_count <= PLACES_MAX ? place : 0;
	}
}

static void page_unmark_scope(struct segment_view *view, uint64_t page)
{
	uint64_t *words = view_slab(view, page_slab(page));
	for (unsigned i = 0; i < 1u << (LIVE_PAGE_SHIFT - page_granule(page)); i++) {
		if (words[i] & (uint64_t)LIVE_SCOPE << 26) {
			words[i] &= ~((uint64_t)LIVE_SCOPE << 26);
		}
	}
}

static void pages_unmark_scope(struct segment_view *view, const uint64_t *pages, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (page_slab(pages[i])) {
			page_unmark_scope(view, pages[i]);
		}
	}
}

static void unmark_everywhere(struct live_table *table, struct segment_view *view)
{
	const struct region *regions = view_regions(view);
	for (uint32_t i = 0; i < view->slot->region_count; i++) {
		pages_unmark_scope(view, table->regions[regions[i].number],
				   1u << (LIVE_REGION_SHIFT - LIVE_PAGE_SHIFT));
	}
}

void live_unmark_scope(struct live_table *table, struct segment_view *view)
{
	if (table->scope_place_count > PLACES_MAX) {
		unmark_everywhere(table, view);
	}
	for (uint32_t k = 0; k < LIVE_SCOPE_PLACES; k++) {
		uintptr_t address = (uintptr_t)table->scope_places[k] << LIVE_PLACE_SHIFT;
		if (address) {
			pages_unmark_scope(view, live_page(table, address),
					   1u << (LIVE_PLACE_SHIFT - LIVE_PAGE_SHIFT));
		}
	}
	memset(table->scope_places, 0, sizeof(table->scope_places));
	table->scope_place_count = 0;
}
