// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/live.h"

#include "core/base/atomic.h"

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

/** The word of the page that holds address; NULL if its region has no table (and none is made). */
static uint64_t *page_of(const struct live_table *table, uintptr_t address)
{
	uintptr_t number = address >> LIVE_REGION_SHIFT;
	if (unlikely(number >= LIVE_REGION_NUMBERS) || !table->regions[number]) {
		return NULL;
	}
	return &table->regions[number][address >> LIVE_PAGE_SHIFT & ((1u << 18) - 1)];
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
	/* Aligned to its size by the arena's rule: sizes are powers of two and no piece straddles an
	   extent, but pieces of different sizes need not be aligned to each other, and need not. */
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

bool live_insert(struct live_table *table, struct segment_view *view, uintptr_t address,
		 struct live_block block, unsigned granule)
{
	uint64_t *page = page_of(table, address);
	if (unlikely(!page)) {
		uintptr_t number = address >> LIVE_REGION_SHIFT;
		if (number >= LIVE_REGION_NUMBERS || !region_add(table, view, number)) {
			return false;
		}
		page = page_of(table, address);
	}
	if (unlikely(!page_slab(*page))) {
		uint32_t slab = slab_take(table, view, granule);
		if (!slab) {
			return false;
		}
		*page = page_word(slab, granule, 0);
	}
	uintptr_t offset = address & PAGE_MASK;
	uint64_t *word = view_slab(view, page_slab(*page)) + (offset >> page_granule(*page));
	while (unlikely(*word)) {
		/* Two blocks in one granule: part them. Their starts differ by 8 at least. */
		unsigned smaller = page_granule(*page);
		while (smaller > LIVE_GRANULE_MIN && live_start(*word) >> smaller == offset >> smaller) {
			smaller--;
		}
		if (live_start(*word) >> smaller == offset >> smaller
		    || !page_rebuild(table, view, page, smaller)) {
			return false;
		}
		word = view_slab(view, page_slab(*page)) + (offset >> page_granule(*page));
	}
	*page += (uint64_t)1 << 40;
	*(volatile uint64_t *)word = live_pack(address, block);
	return true;
}

/** The slab word of the block that starts at address, or NULL. */
static uint64_t *word_of(const struct live_table *table, const struct segment_view *view,
			 uintptr_t address, uint64_t **ret_page)
{
	uint64_t *page = page_of(table, address);
	if (!page || !page_slab(*page)) {
		return NULL;
	}
	uintptr_t offset = address & PAGE_MASK;
	uint64_t *word = view_slab(view, page_slab(*page)) + (offset >> page_granule(*page));
	if (!*word || live_start(*word) != offset) {
		return NULL;
	}
	*ret_page = page;
	return word;
}

struct live_block live_find(const struct live_table *table, const struct segment_view *view,
			    uintptr_t address)
{
	uint64_t *page;
	const uint64_t *word = word_of(table, view, address, &page);
	return word ? live_unpack(*word) : (struct live_block){ 0 };
}

struct live_block live_remove(struct live_table *table, struct segment_view *view,
			      uintptr_t address)
{
	uint64_t *page;
	uint64_t *word = word_of(table, view, address, &page);
	if (!word) {
		return (struct live_block){ 0 };
	}
	struct live_block block = live_unpack(*word);
	*(volatile uint64_t *)word = 0;
	*page -= (uint64_t)1 << 40;
	if (page_blocks(*page) == 0) {
		uint32_t slab = page_slab(*page);
		unsigned granule = page_granule(*page);
		*page = 0;
		slab_give(table, view, slab, granule);
	}
	return block;
}

bool live_mark_code(struct live_table *table, struct segment_view *view, uintptr_t address)
{
	uint64_t *page;
	uint64_t *word = word_of(table, view, address, &page);
	if (!word) {
		return false;
	}
	*word |= (uint64_t)1 << 27;
	return true;
}
