// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Live blocks: address -> (entry, requested size), in about 8 bytes per block and without rehashing.
 *
 *   address bits   47..30 region    29..12 page    11..g slot of the slab
 *
 *   region         2 MiB table of one u64 per 4 KiB page of address space (sparse)
 *   page word      slab:32 | g:4 << 32 | blocks:10 << 40
 *   slab           4096 >> g entries of 8 bytes
 *   slab entry     entry:27 | is_code:1 << 27 | start:9 << 28 | size:27 << 37     0: nothing there
 *
 * start is (address >> 3) & 511, so that an address inside a block is not taken for the block. The
 * granule 1 << g follows the smallest block of the page: blocks that do not overlap and are at least
 * 1 << g long never share a slot; when two do, the page's slab is rebuilt with a smaller g. Sizes of
 * LIVE_SIZE_LARGE and more say LIVE_SIZE_LARGE here and stand in the slot's ranges (RANGE_BLOCK).
 *
 * A slab entry and a page word are each published by one 8-byte store, so that a reader of a dead
 * process's segment misses at most the operation that was under way. All under the slot's lock.
 */
#ifndef CORE_SHM_LIVE_H
#define CORE_SHM_LIVE_H

#include "core/shm/view.h"

#define LIVE_PAGE_SHIFT 12
#define LIVE_REGION_SHIFT 30
#define LIVE_GRANULE_MIN 3
#define LIVE_ENTRY_MAX ((1u << 27) - 1)
#define LIVE_SIZE_LARGE ((1u << 27) - 1)
#define LIVE_REGION_NUMBERS (1u << 17)

/** One live block. */
struct live_block {
	uint32_t entry; /* 0: none there */
	uint32_t size;  /* LIVE_SIZE_LARGE: see the ranges */
	bool is_code;
};

/** The slot's live table as its process sees it. Zeroed: empty. */
struct live_table {
	/** Page tables by region number. */
	uint64_t *regions[LIVE_REGION_NUMBERS];
	/** First slab of the free ones, by g; the next stands in its first word. */
	uint32_t free_slabs[LIVE_PAGE_SHIFT + 1];
};

/* The packing, for both sides. */

attr_inline uint64_t live_pack(uintptr_t address, struct live_block block)
{
	return block.entry | (uint64_t)block.is_code << 27
		| (uint64_t)(address >> 3 & 511) << 28 | (uint64_t)block.size << 37;
}

attr_inline struct live_block live_unpack(uint64_t word)
{
	return (struct live_block){
		.entry = word & LIVE_ENTRY_MAX,
		.is_code = word >> 27 & 1,
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

/**
 * Insert a block; what was live at the same address must have been removed. granule is a guess of
 * the spacing of blocks there (log2). False if there is no space.
 */
bool live_insert(struct live_table *table, struct segment_view *view, uintptr_t address,
		 struct live_block block, unsigned granule);

/** The block that starts at address; entry 0 if there is none. */
struct live_block live_find(const struct live_table *table, const struct segment_view *view,
			    uintptr_t address);

/** The same, and remove it. */
struct live_block live_remove(struct live_table *table, struct segment_view *view,
			      uintptr_t address);

/** Flag the block that starts at address as a code object's. False if there is none. */
bool live_mark_code(struct live_table *table, struct segment_view *view, uintptr_t address);

#endif
