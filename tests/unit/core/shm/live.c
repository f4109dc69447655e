// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/live.h"

#include "tests/unit/core/shm/fixture.h"

#define SLOTS 4096

static struct live_table *new_table(void)
{
	static struct live_table table;
	memset(&table, 0, sizeof(table));
	return &table;
}

static struct live_block block_of(uint32_t entry, uint32_t size)
{
	return (struct live_block){ .entry = entry, .size = size };
}

static struct live_block live_find(struct live_table *table, struct segment_view *view,
				   uintptr_t address)
{
	struct live_place place;
	return live_seek(table, view, address, &place) ? live_unpack(*place.word)
						       : (struct live_block){ 0 };
}

static struct live_block live_remove(struct live_table *table, struct segment_view *view,
				     uintptr_t address)
{
	struct live_place place;
	if (!live_seek(table, view, address, &place)) {
		return (struct live_block){ 0 };
	}
	struct live_block block = live_unpack(*place.word);
	live_erase(table, view, place);
	return block;
}

static void finds_only_the_start_of_a_block(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	CHECK(LIVE_INSERTED == live_insert(table, view, 0x7f0000001040, block_of(7, 100), 5));
	CHECK_INT(live_find(table, view, 0x7f0000001040).entry, 7);
	CHECK_INT(live_find(table, view, 0x7f0000001040).size, 100);
	CHECK_INT(live_find(table, view, 0x7f0000001048).entry, 0);
	CHECK_INT(live_find(table, view, 0x7f0000001060).entry, 0);
	CHECK_INT(live_find(table, view, 0x7e0000001040).entry, 0);
	CHECK_INT(live_find(table, view, ~(uintptr_t)0).entry, 0);
	CHECK_INT(live_remove(table, view, 0x7f0000001040).size, 100);
	CHECK_INT(live_find(table, view, 0x7f0000001040).entry, 0);
}

static void keeps_blocks_denser_than_the_guess(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	/* As jemalloc's smallest class: every 8 bytes. */
	for (uintptr_t i = 0; i < 512; i++) {
		REQUIRE(LIVE_INSERTED
			== live_insert(table, view, 0x10000000 + i * 8,
				       block_of((uint32_t)i + 1, 8), 11));
	}
	for (uintptr_t i = 0; i < 512; i++) {
		CHECK_INT(live_find(table, view, 0x10000000 + i * 8).entry, i + 1);
	}
}

static void refuses_an_address_beyond_the_table(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	CHECK(live_insert(table, view, (uintptr_t)1 << 47, block_of(1, 8), 5) == LIVE_NO_SPACE);
}

static void tells_of_a_block_that_is_still_there(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	CHECK(live_insert(table, view, 0x30000040, block_of(1, 64), 6) == LIVE_INSERTED);
	CHECK(live_insert(table, view, 0x30000040, block_of(2, 64), 6) == LIVE_OCCUPIED);
	CHECK_INT(live_find(table, view, 0x30000040).entry, 1);
}

static void flags_code(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	live_insert(table, view, 0x20000010, block_of(3, 200), 4);
	CHECK(!live_mark_code(table, view, 0x20000000));
	CHECK(live_mark_code(table, view, 0x20000010));
	struct live_block block = live_remove(table, view, 0x20000010);
	CHECK_INT(block.flags, LIVE_CODE);
	CHECK_INT(block.entry, 3);
	CHECK_INT(block.size, 200);
}

/** The same operations on the table and on a plain array; sizes and places at random. */
static void agrees_with_a_plain_array(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	static struct live_block model[SLOTS];
	unsigned seed = 1;
	for (int i = 0; i < 400000; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned k = (seed >> 8) % SLOTS;
		uintptr_t address = 0x7fff00000000 + (uintptr_t)k * 48;
		if (model[k].entry) {
			struct live_block got = live_remove(table, view, address);
			REQUIRE(got.entry == model[k].entry && got.size == model[k].size);
			model[k].entry = 0;
		} else {
			model[k] = block_of((seed & 0xffff) + 1, (seed >> 4) & 0xffffff);
			REQUIRE(LIVE_INSERTED
				== live_insert(table, view, address, model[k], 4 + seed % 8));
		}
	}
	for (unsigned k = 0; k < SLOTS; k++) {
		struct live_block got = live_find(table, view, 0x7fff00000000 + (uintptr_t)k * 48);
		CHECK_INT(got.entry, model[k].entry);
	}
}

static void gives_the_memory_of_empty_pages_to_new_ones(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	for (uintptr_t i = 0; i < 100000; i++) {
		uintptr_t address = 0x100000000 + i * 4096;
		REQUIRE(LIVE_INSERTED == live_insert(table, view, address, block_of(1, 32), 5));
		live_remove(table, view, address);
	}
	CHECK(view->slot->arena[ARENA_SLAB].used < 1000);
}

static void forgets_all_and_uses_the_memory_again(void)
{
	struct segment_view *view = fixture_view();
	struct live_table *table = new_table();
	uint32_t extents = 0;
	for (unsigned round = 0; round < 5; round++) {
		for (uintptr_t i = 0; i < 50000; i++) {
			uintptr_t address = 0x100000000 + i * 64;
			REQUIRE(LIVE_INSERTED
				== live_insert(table, view, address, block_of(round + 1, 32), 5));
		}
		CHECK_INT(live_find(table, view, 0x100000000).entry, round + 1);
		live_clear(table, view);
		CHECK_INT(live_find(table, view, 0x100000000).entry, 0);
		CHECK_INT(live_find(table, view, 0x100000000 + 49999 * 64).entry, 0);
		CHECK(!extents || extents == view->header->next_extent);
		extents = view->header->next_extent;
	}
}

/** Blocks of which every third is a scope's, so far from each other; then of none. */
static void unmark_blocks(uintptr_t distance)
{
	struct live_table *table = new_table();
	struct segment_view *view = fixture_view();
	uintptr_t base = 0x7e0000000000;
	for (uint32_t k = 1; k <= SLOTS; k++) {
		struct live_block block = block_of(k, 24);
		block.flags = k % 3 ? 0 : LIVE_SCOPE;
		REQUIRE(live_insert(table, view, base + k * distance, block, 5) == LIVE_INSERTED);
	}
	REQUIRE(live_mark_code(table, view, base + 3 * distance));
	for (int round = 0; round < 2; round++) {
		for (uint32_t k = 1; k <= SLOTS; k++) {
			struct live_block got = live_find(table, view, base + k * distance);
			uint32_t flags = round || k % 3 ? 0 : LIVE_SCOPE;
			CHECK_INT(got.entry, k);
			CHECK_INT(got.size, 24);
			CHECK_INT(got.flags, flags | (k == 3 ? LIVE_CODE : 0));
		}
		live_unmark_scope(table, view);
	}
}

static void blocks_of_a_scope_are_unmarked(void)
{
	/* Slabs made anew among them; a place each of few; more places than are known. */
	unmark_blocks(24);
	unmark_blocks(4096 * 10);
	unmark_blocks((uintptr_t)1 << 21);
}

int main(void)
{
	RUN(finds_only_the_start_of_a_block);
	RUN(keeps_blocks_denser_than_the_guess);
	RUN(refuses_an_address_beyond_the_table);
	RUN(tells_of_a_block_that_is_still_there);
	RUN(flags_code);
	RUN(agrees_with_a_plain_array);
	RUN(gives_the_memory_of_empty_pages_to_new_ones);
	RUN(forgets_all_and_uses_the_memory_again);
	RUN(blocks_of_a_scope_are_unmarked);
	return test_done();
}
