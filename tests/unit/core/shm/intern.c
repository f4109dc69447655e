// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/intern.h"

#include "tests/unit/core/shm/fixture.h"

static void gives_equal_things_one_number(void)
{
	struct segment_view *view = fixture_view();
	uint32_t text = intern_text(view, "job.py", 6);
	CHECK(text != 0);
	CHECK_INT(intern_text(view, "job.py", 6), text);
	CHECK(intern_text(view, "job.pyc", 7) != text);
	CHECK_INT(intern_text(view, "", 0), 0);
	struct code code = { .kind = CODE_PYTHON, .filename = text, .first_line = 3 };
	uint32_t number = intern_code(view, &code);
	code.link[0] = 99; /* not part of what it is */
	CHECK_INT(intern_code(view, &code), number);
	code.first_line = 4;
	CHECK(intern_code(view, &code) != number);
	uint32_t outer = intern_node(view, 0, number, 2);
	CHECK_INT(intern_node(view, 0, number, 2), outer);
	CHECK(intern_node(view, outer, number, 2) != outer);
	CHECK_INT(intern_entry(view, outer), intern_entry(view, outer));
	CHECK_INT(view_node(view, outer)->entry, intern_entry(view, outer));
}

static void holds_a_million_nodes(void)
{
	struct segment_view *view = fixture_view();
	static uint32_t numbers[1000000];
	for (uint32_t i = 0; i < countof(numbers); i++) {
		numbers[i] = intern_node(view, i / 3, i % 1000 + 1, i * 2);
		REQUIRE(numbers[i]);
	}
	for (uint32_t i = 0; i < countof(numbers); i += 7) {
		CHECK_INT(intern_node(view, i / 3, i % 1000 + 1, i * 2), numbers[i]);
	}
	CHECK_INT(view->header->arena[ARENA_NODE].used, countof(numbers) + 1);
	/* Address space in proportion to use: nodes are 32 bytes. */
	CHECK(view->mapped_extents * EXTENT_BYTES < countof(numbers) * 32 * 3 / 2);
}

static void holds_texts_larger_than_an_extent(void)
{
	struct segment_view *view = fixture_view();
	size_t len = EXTENT_BYTES * 3 + 17;
	char *large = malloc(len);
	REQUIRE(large);
	memset(large, 'x', len);
	uint32_t small = intern_text(view, "a", 1);
	uint32_t number = intern_text(view, large, (uint32_t)len);
	REQUIRE(number != 0);
	CHECK_INT(intern_text(view, large, (uint32_t)len), number);
	CHECK_BYTES(view_text(view, number) + 1, large, len);
	CHECK_INT(intern_text(view, "a", 1), small);
	CHECK(intern_text(view, "b", 1) != 0);
	free(large);
}

static void says_zero_when_the_segment_is_full(void)
{
	struct segment_view *view = fixture_view();
	view->header->size_bytes = extent_offset(view->header->next_extent + 40);
	uint32_t i = 0;
	while (i < 10000000 && intern_node(view, 0, 1, i)) {
		i++;
	}
	CHECK(i > 40 * EXTENT_BYTES / 32 / 2 && i < 60 * EXTENT_BYTES / 32);
	CHECK_INT(intern_node(view, 0, 1, i), 0);
	CHECK(intern_node(view, 0, 1, 0) != 0);
}

int main(void)
{
	RUN(gives_equal_things_one_number);
	RUN(holds_a_million_nodes);
	RUN(holds_texts_larger_than_an_extent);
	RUN(says_zero_when_the_segment_is_full);
	return test_done();
}
