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
	CHECK_INT(ranges_at(index, view, 0)->end, 120);
	CHECK_INT(ranges_at(index, view, 1)->start, 150);
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
	for (uint32_t i = 0; i < index->count; i++) {
		const struct range *range = ranges_at(index, view, i);
		for (uint64_t k = range->start; k < range->end; k++) {
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

int main(void)
{
	RUN(cuts_out_the_middle);
	RUN(cuts_ends_and_wholes);
	RUN(agrees_with_one_flag_per_page);
	return test_done();
}
