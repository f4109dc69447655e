// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/ranges.h"

#include "tests/unit/core/shm/fixture.h"

#define PAGES 512

static struct range_index *new_index(void)
{
	static struct range_index index;
	memset(&index, 0, sizeof(index));
	return &index;
}

static void add(struct range_index *index, struct segment_view *view, uint64_t start, uint64_t end)
{
	struct range range = { start, end, 5, 0, end - start };
	CHECK(ranges_add(index, view, &range));
}

static void cuts_out_the_middle(void)
{
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	struct range piece;
	int blocks;
	add(index, view, 100, 200);
	CHECK(ranges_cut(index, view, 120, 150, &piece, &blocks));
	CHECK_INT(piece.start, 120);
	CHECK_INT(piece.end, 150);
	CHECK_INT(piece.bytes, 30);
	CHECK_INT(blocks, -1);
	CHECK(!ranges_cut(index, view, 120, 150, &piece, &blocks));
	CHECK_INT(index->count, 2);
	CHECK_INT(ranges_at(index, view, (struct range_position){ 0, 0 })->end, 120);
	CHECK_INT(ranges_at(index, view, (struct range_position){ 0, 1 })->start, 150);
}

static void cuts_ends_and_wholes(void)
{
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	struct range piece;
	int blocks;
	add(index, view, 300, 400);
	add(index, view, 100, 200);
	CHECK(ranges_cut(index, view, 150, 350, &piece, &blocks));
	CHECK_INT(piece.start, 150);
	CHECK_INT(blocks, 0);
	CHECK(ranges_cut(index, view, 200, 350, &piece, &blocks));
	CHECK_INT(piece.start, 300);
	CHECK_INT(piece.end, 350);
	CHECK(ranges_cut(index, view, 0, 1000, &piece, &blocks));
	CHECK_INT(blocks, 1);
	CHECK_INT(piece.end, 150);
	CHECK(ranges_cut(index, view, 0, 1000, &piece, &blocks));
	CHECK_INT(piece.start, 350);
	CHECK_INT(index->count, 0);
	CHECK(!ranges_cut(index, view, 0, 1000, &piece, &blocks));
}

/** Random maps and unmaps against one flag per page. */
static void agrees_with_one_flag_per_page(void)
{
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	static bool model[PAGES];
	unsigned seed = 7;
	int64_t blocks_balance = 0;
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		uint64_t start = (seed >> 8) % PAGES;
		uint64_t end = start + 1 + (seed >> 20) % 40;
		end = end > PAGES ? PAGES : end;
		struct range piece;
		int blocks;
		while (ranges_cut(index, view, start, end, &piece, &blocks)) {
			blocks_balance -= blocks;
			for (uint64_t k = piece.start; k < piece.end; k++) {
				REQUIRE(model[k]);
				model[k] = false;
			}
		}
		for (uint64_t k = start; k < end; k++) {
			REQUIRE(!model[k]);
		}
		if (seed & 0x80) {
			add(index, view, start, end);
			blocks_balance++;
			memset(model + start, true, end - start);
		}
		REQUIRE(blocks_balance == index->count);
	}
	uint64_t pages = 0;
	for (uint64_t k = 0; k < PAGES; k++) {
		struct range_position at;
		if (ranges_seek(index, view, k, &at) && ranges_at(index, view, at)->start <= k) {
			REQUIRE(model[k]);
			pages++;
		}
	}
	uint64_t expected = 0;
	for (int k = 0; k < PAGES; k++) {
		expected += model[k];
	}
	CHECK_INT(pages, expected);
}

/** Enough for many leaves, added downwards as the kernel maps, removed in another order. */
static void holds_many(void)
{
	const uint64_t many = 100000;
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	for (uint64_t i = many; i-- > 0;) {
		add(index, view, i * 10, i * 10 + 10);
	}
	CHECK_INT(index->count, many);
	uint64_t k = 0;
	for (uint64_t i = 0; i < many; i++) {
		k = (k + 61843) % many;
		struct range piece;
		int blocks;
		REQUIRE(ranges_cut(index, view, k * 10, k * 10 + 10, &piece, &blocks));
		REQUIRE(piece.start == k * 10 && piece.bytes == 10 && blocks == 1);
	}
	CHECK_INT(index->count, 0);
	CHECK_INT(index->leaf_count, 0);
}

static void can_be_made_anew(void)
{
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	struct range block = { 5000, 6000, 7, RANGE_BLOCK, 1000 };
	for (uint64_t i = 0; i < 1000; i++) {
		add(index, view, i * 20, i * 20 + 10);
	}
	CHECK(ranges_add(index, view, &block));
	ranges_rebuild(index, view, 0);
	CHECK_INT(index->count, 1000);
	ranges_rebuild(index, view, RANGE_BLOCK);
	CHECK_INT(index->count, 1);
	struct range_position at;
	CHECK(ranges_seek(index, view, 0, &at));
	CHECK_INT(ranges_at(index, view, at)->start, 5000);
}

static void can_be_cleared(void)
{
	struct segment_view *view = fixture_view();
	struct range_index *index = new_index();
	struct range_position at;
	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 2000; i++) {
			add(index, view, i * 20, i * 20 + 10);
		}
		CHECK(ranges_seek(index, view, 0, &at));
		CHECK_INT(view->slot->arena[ARENA_RANGE].used, 2001);
		ranges_clear(index);
		view_clear_own(view, ARENA_RANGE);
		CHECK_INT(index->count, 0);
		CHECK(!ranges_seek(index, view, 0, &at));
	}
}

int main(void)
{
	RUN(cuts_out_the_middle);
	RUN(cuts_ends_and_wholes);
	RUN(agrees_with_one_flag_per_page);
	RUN(holds_many);
	RUN(can_be_made_anew);
	RUN(can_be_cleared);
	return test_done();
}
