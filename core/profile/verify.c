// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Whether a segment at rest is consistent: what the account of each stack says is what the tables
 * of live blocks hold. A process that was killed while a thread held its slot's lock, or that of a
 * ledger, may have left one operation half done, in the account (which is repaired) or between the
 * account and the tables (where one entry may then differ).
 */
#include "core/profile/collect.h"
#include "core/profile/repair.h"
#include "core/profile/segment_reader.h"
#include "core/profile/snapshot.h"
#include "core/shm/live.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/** Page words in an extent of a region's table. */
#define EXTENT_PAGES ((uint32_t)(EXTENT_BYTES / sizeof(uint64_t)))

/** More violations than these are counted, not told. */
#define VIOLATIONS_TOLD 100

/** What the tables hold of one entry. */
struct tally {
	uint64_t bytes;
	uint64_t blocks;
};

struct verifier {
	struct segment_reader reader;
	struct snapshot snapshot;
	struct tally *tallies; /* by entry */
	/** Of blocks that are in the account of the scope, too. */
	struct tally *scope_tallies;
	/** Locks of slots and of ledgers that were held: for each, one entry may differ. */
	uint32_t held_locks;
	/** Large blocks of the scope: ranges have their sizes, and do not say whose they are. */
	uint64_t large_in_scope;
	int violated;
	FILE *report;
};

/** One slot while it is walked. */
struct slot_walk {
	struct verifier *verifier;
	uint32_t number;
	struct slot slot;
	/** Its own and those of its ledgers. */
	uint32_t held_locks;
	struct arena_copy slabs;
	struct arena_copy ranges;
	/** By extent: the table of a region begins there. */
	bool *table_begins;
	uint64_t large_in_slabs;
	uint64_t large_in_ranges;
	/** Of those in slabs. */
	uint64_t large_in_scope;
};

static attr_printf(2, 3) void violation(struct verifier *verifier, const char *format, ...)
{
	va_list args;
	if (verifier->violated++ < VIOLATIONS_TOLD) {
		va_start(args, format);
		vfprintf(verifier->report, format, args);
		fputc('\n', verifier->report);
		va_end(args);
	}
}

static void count(struct slot_walk *walk, uint32_t entry, uint64_t bytes, uint64_t address,
		  bool is_in_scope)
{
	struct verifier *verifier = walk->verifier;
	if (!snapshot_entry(&verifier->snapshot, entry)) {
		violation(verifier, "slot %" PRIu32 ": the block at 0x%" PRIx64
				    " has entry %" PRIu32 ", which does not exist",
			  walk->number, address, entry);
		return;
	}
	verifier->tallies[entry].bytes += bytes;
	verifier->tallies[entry].blocks++;
	verifier->scope_tallies[entry].bytes += is_in_scope ? bytes : 0;
	verifier->scope_tallies[entry].blocks += is_in_scope;
}

/** A slab entry of the page at address, in its slot of 1 << granule bytes. */
static void walk_block(struct slot_walk *walk, uint64_t address, unsigned granule, uint32_t index,
		       uint64_t word)
{
	struct live_block block = live_unpack(word);
	uint64_t start = address + live_start(word);
	if (live_start(word) >> granule != index) {
		violation(walk->verifier, "slot %" PRIu32 ": the block at 0x%" PRIx64
					  " is in the place of another", walk->number, start);
	}
	if (block.size == LIVE_SIZE_LARGE) {
		walk->large_in_slabs++;
		walk->large_in_scope += block.flags & LIVE_SCOPE ? 1 : 0;
	} else {
		count(walk, block.entry, block.size, start, block.flags & LIVE_SCOPE);
	}
}

static void walk_page(struct slot_walk *walk, uint64_t address, uint64_t page)
{
	unsigned granule = page_granule(page);
	uint32_t blocks = 0;
	if (granule < LIVE_GRANULE_MIN || granule > LIVE_PAGE_SHIFT) {
		violation(walk->verifier, "slot %" PRIu32 ": page 0x%" PRIx64 " has granule %u",
			  walk->number, address, granule);
		return;
	}
	for (uint32_t i = 0; i < 1u << (LIVE_PAGE_SHIFT - granule); i++) {
		const uint64_t *word = arena_element(&walk->slabs, (uint64_t)page_slab(page) + i);
		if (word && *word) {
			walk_block(walk, address, granule, i, *word);
			blocks++;
		}
	}
	if (blocks != page_blocks(page) && !walk->held_locks) {
		violation(walk->verifier, "slot %" PRIu32 ": page 0x%" PRIx64 " has %" PRIu32
					  " blocks and says %u", walk->number, address, blocks,
			  page_blocks(page));
	}
}

/** The pages of one extent of a region's table; pages is room for them. */
static int walk_region_part(struct slot_walk *walk, uint64_t base, uint32_t extent, uint64_t *pages)
{
	if (reader_is_hole(&walk->verifier->reader, extent)) {
		return 0;
	}
	if (reader_read(&walk->verifier->reader, extent_offset(extent), pages, EXTENT_BYTES)) {
		return -1;
	}
	for (uint32_t i = 0; i < EXTENT_PAGES; i++) {
		if (pages[i]) {
			walk_page(walk, base + ((uint64_t)i << LIVE_PAGE_SHIFT), pages[i]);
		}
	}
	return 0;
}

/** True if the region's table lies in the file, and no other begins where it does. */
static bool region_is_good(struct slot_walk *walk, const struct region *region)
{
	struct verifier *verifier = walk->verifier;
	uint32_t first = region->first_extent;
	const char *problem = NULL;
	if (first > verifier->reader.extent_count
	    || verifier->reader.extent_count - first < REGION_EXTENTS) {
		problem = "is outside of the file";
	} else if (walk->table_begins[first]) {
		problem = "has the table of another";
	} else {
		walk->table_begins[first] = true;
	}
	if (problem) {
		violation(verifier, "slot %" PRIu32 ": region %" PRIu32 " %s", walk->number,
			  region->number, problem);
	}
	return !problem;
}

static int walk_region(struct slot_walk *walk, const struct region *region, uint64_t *pages)
{
	uint64_t base = (uint64_t)region->number << LIVE_REGION_SHIFT;
	if (!region_is_good(walk, region)) {
		return 0;
	}
	for (uint32_t i = 0; i < REGION_EXTENTS; i++) {
		if (walk_region_part(walk, base, region->first_extent + i, pages)) {
			return -1;
		}
		base += (uint64_t)EXTENT_PAGES << LIVE_PAGE_SHIFT;
	}
	return 0;
}

static int walk_regions(struct slot_walk *walk)
{
	uint32_t regions = walk->slot.region_count < REGIONS_MAX ? walk->slot.region_count
								 : REGIONS_MAX;
	uint64_t *pages = malloc(EXTENT_BYTES);
	walk->table_begins = calloc((size_t)walk->verifier->reader.extent_count + 1, sizeof(bool));
	int result = pages && walk->table_begins ? 0 : -1;
	for (uint32_t i = 0; result == 0 && i < regions; i++) {
		struct region region;
		uint64_t at = slot_offset(walk->number) + SLOT_REGIONS_OFFSET + i * sizeof(region);
		result = reader_read(&walk->verifier->reader, at, &region, sizeof(region));
		result = result ? result : walk_region(walk, &region, pages);
	}
	free(walk->table_begins);
	free(pages);
	return result;
}

static void walk_ranges(struct slot_walk *walk)
{
	for (uint64_t k = 1; k < walk->ranges.used; k++) {
		const struct range *range = arena_element(&walk->ranges, k);
		if (!range || !range->entry) {
			continue;
		}
		if (range->end < range->start
		    || (!(range->flags & RANGE_BLOCK)
			&& range->bytes != range->end - range->start)) {
			violation(walk->verifier, "slot %" PRIu32 ": the range at 0x%" PRIx64
						  " has no length", walk->number, range->start);
		}
		walk->large_in_ranges += range->flags & RANGE_BLOCK ? 1 : 0;
		if (!(range->flags & RANGE_IDLE)) {
			count(walk, range->entry, range->bytes, range->start,
			      range->flags & RANGE_SCOPE);
		}
	}
}

static void walk_sparse(struct slot_walk *walk)
{
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		const struct sparse_mapping *mapping = &walk->slot.sparse[i];
		if (mapping->entry) {
			count(walk, mapping->entry, mapping->touched_bytes, mapping->start,
			      mapping->flags & RANGE_SCOPE);
		}
	}
}

/** Only the first slot has ledgers. */
static uint32_t held_locks(const struct slot_walk *walk)
{
	uint32_t held = walk->slot.lock != 0;
	for (uint32_t i = 0; walk->number == 0 && i < LEDGER_COUNT; i++) {
		held += walk->verifier->reader.header.ledger[i].lock != 0;
	}
	return held;
}

/** Read the slot with what its walk needs. 0, or -1 with errno. */
static int read_slot(struct slot_walk *walk)
{
	const struct segment_reader *reader = &walk->verifier->reader;
	if (reader_slot(reader, walk->number, &walk->slot)) {
		return -1;
	}
	walk->held_locks = held_locks(walk);
	return reader_copy_own(reader, walk->number, &walk->slot, ARENA_SLAB, UINT64_MAX,
			       &walk->slabs)
			|| reader_copy_own(reader, walk->number, &walk->slot, ARENA_RANGE,
					   UINT64_MAX, &walk->ranges)
		? -1
		: 0;
}

static int verify_slot(struct verifier *verifier, uint32_t number)
{
	struct slot_walk walk = {
		.verifier = verifier,
		.number = number,
	};
	int result = -1;
	if (read_slot(&walk) == 0 && walk_regions(&walk) == 0) {
		walk_ranges(&walk);
		walk_sparse(&walk);
		result = 0;
	}
	if (walk.large_in_slabs != walk.large_in_ranges && !walk.slot.lock) {
		violation(verifier, "slot %" PRIu32 ": %" PRIu64 " large blocks and %" PRIu64
				    " ranges for them", number, walk.large_in_slabs,
			  walk.large_in_ranges);
	}
	verifier->held_locks += walk.held_locks;
	verifier->large_in_scope += walk.large_in_scope;
	arena_done(&walk.slabs);
	arena_done(&walk.ranges);
	return result;
}

/** Entries against the tables; those that held locks allow to differ are the last to be told. */
static void compare_tallies(struct verifier *verifier, const struct snapshot *snapshot,
			    const struct tally *tallies, const char *whose)
{
	uint32_t allowed = verifier->held_locks;
	for (uint64_t k = 1; k < verifier->snapshot.entries.used; k++) {
		static const struct entry none;
		const struct entry *entry = snapshot_entry(snapshot, k);
		const struct tally *tally = &tallies[k];
		entry = entry ? entry : &none;
		if (entry->live_bytes == tally->bytes && entry->live_blocks == tally->blocks) {
			continue;
		}
		if (allowed) {
			allowed--;
			continue;
		}
		violation(verifier, "entry %" PRIu64 "%s says %" PRIu64 " bytes in %" PRIu32
				    " blocks, its blocks are %" PRIu64 " bytes in %" PRIu64, k,
			  whose, entry->live_bytes, entry->live_blocks, tally->bytes,
			  tally->blocks);
	}
}

static void compare_sums(struct verifier *verifier, const struct snapshot *snapshot,
			 const char *whose)
{
	const struct totals *totals = &snapshot->totals;
	struct tally live = { 0, 0 };
	uint64_t peak = 0;
	for (uint64_t k = 1; k < snapshot->entries.used; k++) {
		const struct entry *entry = snapshot_entry(snapshot, k);
		uint64_t bytes, blocks;
		if (entry) {
			live.bytes += entry->live_bytes;
			live.blocks += entry->live_blocks;
			entry_peak_share(entry, totals, &bytes, &blocks);
			peak += bytes;
		}
	}
	if (live.bytes != totals->live_bytes || live.blocks != totals->live_blocks) {
		violation(verifier, "entries%s sum to %" PRIu64 " bytes in %" PRIu64
				    " blocks, the totals are %" PRIu64 " in %" PRIu64, whose,
			  live.bytes, live.blocks, totals->live_bytes, totals->live_blocks);
	}
	if (peak != totals_peak(totals)) {
		violation(verifier, "shares%s sum to %" PRIu64 " bytes, the peak is %" PRIu64,
			  whose, peak, totals_peak(totals));
	}
}

/** The account of a scope is kept while that is open. Of large blocks only the number is known. */
static int verify_scope(struct verifier *verifier)
{
	struct snapshot snapshot;
	struct slot slot;
	if (reader_slot_count(&verifier->reader) == 0 || reader_slot(&verifier->reader, 0, &slot)
	    || slot.scope.state == SCOPE_NONE) {
		return 0;
	}
	if (snapshot_take(&verifier->reader, SNAPSHOT_SCOPE, false, &snapshot)) {
		return -1;
	}
	compare_sums(verifier, &snapshot, " of the scope");
	if (slot.scope.state == SCOPE_OPEN && !verifier->large_in_scope) {
		compare_tallies(verifier, &snapshot, verifier->scope_tallies, " of the scope");
	}
	snapshot_done(&snapshot);
	return 0;
}

static int verify(struct verifier *verifier, int segment_fd)
{
	if (reader_open(&verifier->reader, segment_fd)
	    || snapshot_take(&verifier->reader, SNAPSHOT_RUN, false, &verifier->snapshot)) {
		return -1;
	}
	verifier->tallies = calloc(verifier->snapshot.entries.used + 1, sizeof(struct tally));
	verifier->scope_tallies = calloc(verifier->snapshot.entries.used + 1, sizeof(struct tally));
	if (!verifier->tallies || !verifier->scope_tallies) {
		return -1;
	}
	for (uint32_t i = 0; i < reader_slot_count(&verifier->reader); i++) {
		if (verify_slot(verifier, i)) {
			return -1;
		}
	}
	compare_tallies(verifier, &verifier->snapshot, verifier->tallies, "");
	compare_sums(verifier, &verifier->snapshot, "");
	return verify_scope(verifier);
}

int segment_verify(int segment_fd, char **ret_report)
{
	struct verifier verifier = { 0 };
	char *text = NULL;
	size_t len;
	verifier.report = open_memstream(&text, &len);
	if (!verifier.report) {
		return -1;
	}
	int result = verify(&verifier, segment_fd);
	snapshot_done(&verifier.snapshot);
	free(verifier.tallies);
	free(verifier.scope_tallies);
	if (fclose(verifier.report) || result) {
		free(text);
		return -1;
	}
	if (ret_report) {
		*ret_report = text;
	} else {
		free(text);
	}
	return verifier.violated;
}
