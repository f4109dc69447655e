// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Live blocks: address -> (entry, requested size), in about 8 bytes per block and without
 * rehashing.
 *
 *   address bits   47..30 region    29..12 page    11..g slot of the slab
 *
 *   region         2 MiB table of one u64 per 4 KiB page of address space (sparse)
 *   page word      slab:32 | g:4 << 32 | blocks:10 << 40
 *   slab           4096 >> g entries of 8 bytes
 *   slab entry     entry:26 | flags:2 << 26 | start:9 << 28 | size:27 << 37     0: nothing there
 *
 * start is (address >> 3) & 511, so that an address inside a block is not taken for the block. The
 * granule 1 << g follows the smallest block of the page: blocks that do not overlap and are at
 * least
 * 1 << g long never share a slot; when two do, the page's slab is rebuilt with a smaller g. Sizes
 * of LIVE_SIZE_LARGE and more say LIVE_SIZE_LARGE here and stand in the slot's ranges
 * (RANGE_BLOCK).
 *
 * A slab entry and a page word are each published by one 8-byte store, so that a reader of a dead
 * process's segment misses at most the operation that was under way. All under the slot's lock.
 */
#ifndef CORE_SHM_LIVE_H
#define CORE_SHM_LIVE_H

#include "core/base/atomic.h"
#include "core/shm/view.h"

#define LIVE_PAGE_SHIFT 12
#define LIVE_REGION_SHIFT 30
#define LIVE_GRANULE_MIN 3
#define LIVE_ENTRY_MAX ((1u << 26) - 1)
#define LIVE_SIZE_LARGE ((1u << 27) - 1)
/** 1 GiB each: 47 bits of address space, 48 on aarch64. */
#if defined(__aarch64__)
#define LIVE_REGION_NUMBERS (1u << 18)
#else
#define LIVE_REGION_NUMBERS (1u << 17)
#endif

/** What the page words in 4 KiB of a page table cover: 2 MiB of address space. */
#define LIVE_PLACE_SHIFT 21
#define LIVE_SCOPE_PLACES 2048u

#define LIVE_SCOPE 1u /* it is in the account of the scope, too */
#define LIVE_CODE 2u  /* a code object's */

/** One live block. */
struct live_block {
	uint32_t entry; /* 0: none there */
	uint32_t size;  /* LIVE_SIZE_LARGE: see the ranges */
	uint32_t flags; /* LIVE_* */
};

/** The slot's live table as its process sees it. Zeroed: empty. */
struct live_table {
	/** Page tables by region number. */
	uint64_t *regions[LIVE_REGION_NUMBERS];
	/** First slab of the free ones, by g; the next stands in its first word. */
	uint32_t free_slabs[LIVE_PAGE_SHIFT + 1];
	/**
	 * Where blocks with the flag LIVE_SCOPE may be: numbers of places, hashed, 0 being none. To
	 * look elsewhere would fill the holes of the page tables. Too many: everywhere.
	 */
	uint32_t scope_places[LIVE_SCOPE_PLACES];
	uint32_t scope_place_count;
};

/* The packing, for both sides. */

attr_inline uint64_t live_pack(uintptr_t address, struct live_block block)
{
	return block.entry | (uint64_t)block.flags << 26
		| (uint64_t)(address >> 3 & 511) << 28 | (uint64_t)block.size << 37;
}

attr_inline struct live_block live_unpack(uint64_t word)
{
	return (struct live_block){
		.entry = word & LIVE_ENTRY_MAX,
		.flags = word >> 26 & 3,
		.size = (uint32_t)(word >> 37),
	};
}

/** The offset in its page at which the block of a slab entry starts. */
attr_inline uint32_t live_start(uint64_t word)
{
	return (uint32_t)(word >> 28 & 511) << 3;
}

attr_inline uint32_t page_slab(uint64_t page)
{
	return (uint32_t)page;
}

attr_inline unsigned page_granule(uint64_t page)
{
	return page >> 32 & 15;
}

attr_inline unsigned page_blocks(uint64_t page)
{
	return page >> 40 & 1023;
}

/** Where a block stands. */
struct live_place {
	uint64_t *page;
	uint64_t *word;
};

/** The word of the page that holds address; NULL if its region has no table. */
attr_inline uint64_t *live_page(const struct live_table *table, uintptr_t address)
{
	uintptr_t number = address >> LIVE_REGION_SHIFT;
	if (unlikely(number >= LIVE_REGION_NUMBERS) || unlikely(!table->regions[number])) {
		return NULL;
	}
	return &table->regions[number][address >> LIVE_PAGE_SHIFT & ((1u << 18) - 1)];
}

/** The slab word that address falls on, whatever stands there. The page must have a slab. */
attr_inline uint64_t *live_word(const struct segment_view *view, uint64_t page, uintptr_t address)
{
	uintptr_t offset = address & (((uintptr_t)1 << LIVE_PAGE_SHIFT) - 1);
	return view_slab(view, page_slab(page)) + (offset >> page_granule(page));
}

/**
 * Let the processor fetch the word of a block that will be looked for, while it does other things.
 * A hint: the table may change meanwhile, so that no lock is needed.
 */
attr_inline void live_prefetch(const struct live_table *table, const struct segment_view *view,
			       uintptr_t address)
{
	const uint64_t *page = live_page(table, address);
	if (likely(page)) {
		__builtin_prefetch(live_word(view, *(const volatile uint64_t *)page, address), 1);
	}
}

/** Find the block that starts at address. False, and *ret untouched, if there is none. */
attr_inline bool live_seek(const struct live_table *table, const struct segment_view *view,
			   uintptr_t address, struct live_place *ret)
{
	uint64_t *page = live_page(table, address);
	if (unlikely(!page) || !page_slab(*page)) {
		return false;
	}
	uint64_t *word = live_word(view, *page, address);
	if (!*word || live_start(*word) != (address & 0xfff)) {
		return false;
	}
	*ret = (struct live_place){ page, word };
	return true;
}

enum live_result {
	LIVE_INSERTED,
	LIVE_OCCUPIED, /* a block is live at that very address: remove it first */
	LIVE_NO_SPACE,
};

/** A block with the flag LIVE_SCOPE was inserted. */
void live_note_scope(struct live_table *table, uintptr_t address);

/** live_insert where the page has no slab, or where two blocks fall on one word. */
enum live_result live_insert_slowly(struct live_table *table, struct segment_view *view,
				    uintptr_t address, struct live_block block, unsigned granule);

/** Insert a block where that takes one store: most often. False, and nothing done, elsewhere. */
attr_inline bool live_insert_quickly(struct live_table *table, struct segment_view *view,
				     uintptr_t address, struct live_block block)
{
	uint64_t *page = live_page(table, address);
	if (unlikely(!page) || unlikely(!page_slab(*page))) {
		return false;
	}
	uint64_t *word = live_word(view, *page, address);
	if (unlikely(*word)) {
		return false;
	}
	*page += (uint64_t)1 << 40;
	*(volatile uint64_t *)word = live_pack(address, block);
	if (block.flags & LIVE_SCOPE) {
		live_note_scope(table, address);
	}
	return true;
}

/** Insert a block. granule is a guess of the spacing of blocks in its page (log2). */
attr_inline enum live_result live_insert(struct live_table *table, struct segment_view *view,
					 uintptr_t address, struct live_block block,
					 unsigned granule)
{
	return live_insert_quickly(table, view, address, block)
		? LIVE_INSERTED
		: live_insert_slowly(table, view, address, block, granule);
}

/** Give the slab of a page without blocks to others. */
void live_page_emptied(struct live_table *table, struct segment_view *view, uint64_t *page);

/** Remove the block that live_seek found. */
attr_inline void live_erase(struct live_table *table, struct segment_view *view,
			    struct live_place place)
{
	*(volatile uint64_t *)place.word = 0;
	*place.page -= (uint64_t)1 << 40;
	if (page_blocks(*place.page) == 0) {
		live_page_emptied(table, view, place.page);
	}
}

/*
 * The same for threads that record beside each other (struct ledger): while they do, others may
 * insert and erase at other addresses, and nobody does anything else with the table.
 */

/** live_insert_quickly, of a block without flags. */
attr_inline bool live_insert_beside(struct live_table *table, struct segment_view *view,
				    uintptr_t address, struct live_block block)
{
	uint64_t *page = live_page(table, address);
	if (unlikely(!page) || unlikely(!page_slab(load_relaxed(page)))) {
		return false;
	}
	uint64_t *word = live_word(view, load_relaxed(page), address);
	uint64_t nothing = 0;
	add_relaxed(page, (uint64_t)1 << 40);
	/* Two blocks of a page with too large a granule may fall on one word. */
	if (unlikely(!cas_acq_rel(word, &nothing, live_pack(address, block)))) {
		add_relaxed(page, -((uint64_t)1 << 40));
		return false;
	}
	return true;
}

/** live_erase. True if the page has no block now; it keeps its slab (live_tidy_page). */
attr_inline bool live_erase_beside(struct live_place place)
{
	store_relaxed(place.word, 0);
	return page_blocks(add_relaxed(place.page, -((uint64_t)1 << 40))) == 1;
}

/** Give the slab of a page to others if it has no blocks. Under the slot's lock. */
attr_inline void live_tidy_page(struct live_table *table, struct segment_view *view, uint64_t *page)
{
	if (page_slab(*page) && page_blocks(*page) == 0) {
		live_page_emptied(table, view, page);
	}
}

/** Forget all blocks. */
void live_clear(struct live_table *table, struct segment_view *view);

/** Flag the block that starts at address as a code object's. False if there is none. */
bool live_mark_code(struct live_table *table, struct segment_view *view, uintptr_t address);

/** No block has the flag LIVE_SCOPE any more. Takes as long as there were places with some. */
void live_unmark_scope(struct live_table *table, struct segment_view *view);

#endif
