// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_lines.h"

#include "tests/unit/test.h"

/* Each pair of 3.10's format: bytes of code, and how many lines further they are. */
static const char table[] = "\x02\x00\x02\x01\x02\x01\x02\x80\x02\x01";
static const char other_table[] = "\x02\x05\x02\x05\x02\x05\x02\x05\x02\x05";

#define ADDRESS ((uintptr_t)0x7000)

static struct python_code_info info_of(const char *lines, int32_t first_line)
{
	return (struct python_code_info){ .lines = lines, .lines_bytes = 10,
					  .first_line = first_line, .line_format = LINES_PAIRS };
}

static void offsets_may_come_in_any_order(void)
{
	static const uint32_t offsets[] = { 0, 4, 4, 2, 8, 0, 2 };
	static const uint32_t expected[] = { 10, 12, 12, 11, 13, 10, 11 };
	struct python_code_info info = info_of(table, 10);
	struct python_lines lines = { 0 };
	for (int i = 0; i < 7; i++) {
		CHECK_INT(python_lines_find(&lines, ADDRESS, 0, &info, offsets[i]), expected[i]);
	}
}

static void what_has_no_line_is_at_the_first(void)
{
	struct python_code_info info = info_of(table, 10);
	struct python_lines lines = { 0 };
	CHECK_INT(python_lines_find(&lines, ADDRESS, 0, &info, 6), 10);
	CHECK_INT(python_lines_find(&lines, ADDRESS, 0, &info, 100), 10);
	CHECK_INT(python_lines_find(&lines, ADDRESS, 0, &info, 8), 13);
	info = info_of(table, -5);
	CHECK_INT(python_lines_find(&lines, ADDRESS, 1, &info, 0), 0);
}

/* The address is another code's: its table at another place, or at the same one. */
static void an_address_may_be_used_again(void)
{
	struct python_code_info info = info_of(table, 10);
	struct python_code_info other = info_of(other_table, 10);
	struct python_lines lines = { 0 };
	CHECK_INT(python_lines_find(&lines, ADDRESS, 7, &info, 2), 11);
	CHECK_INT(python_lines_find(&lines, ADDRESS, 7, &other, 4), 25);
	other.first_line = 100;
	CHECK_INT(python_lines_find(&lines, ADDRESS, 8, &other, 4), 115);
}

/* More codes than places, by turns. */
static void codes_take_each_others_places(void)
{
	struct python_lines lines = { 0 };
	for (uint32_t offset = 0; offset <= 4; offset += 2) {
		for (uint32_t i = 1; i <= 3 * PYTHON_LINES_PLACES; i++) {
			struct python_code_info info = info_of(table, (int32_t)i);
			CHECK_INT(python_lines_find(&lines, i * 64, 0, &info, offset),
				  i + offset / 2);
		}
	}
}

int main(void)
{
	RUN(offsets_may_come_in_any_order);
	RUN(what_has_no_line_is_at_the_first);
	RUN(an_address_may_be_used_again);
	RUN(codes_take_each_others_places);
	return test_done();
}
