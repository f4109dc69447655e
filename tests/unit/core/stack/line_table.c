// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Without arguments: small tables by hand. With a file of tables that a CPython has written and
 * answered for (tests/e2e/line_tables.py): every instruction of it.
 */
#include "core/stack/line_table.h"

#include "tests/unit/test.h"

/** The line at offset by a cursor of its own. */
static uint32_t line_at(enum line_table format, const void *table, size_t len, int first,
			uint32_t offset)
{
	struct line_cursor cursor;
	line_cursor_init(&cursor, format, table, len, first);
	return line_cursor_find(&cursor, offset);
}

#define LINE_AT(format, table, first, offset) \
	line_at((format), (table), sizeof(table) - 1, (first), (offset))

/* Objects/lnotab_notes.txt of 3.9 has this example. */
static void lnotab_counts_from_the_first_line(void)
{
	static const char table[] = "\x00\x01\x06\x01\x2c\x05\xff\x00\x2d\x01\x06\x06";
	const uint32_t offsets[] = { 0, 6, 50, 350, 361, 400 };
	const uint32_t lines[] = { 2, 3, 8, 9, 15, 15 };
	struct line_cursor cursor;
	line_cursor_init(&cursor, LINES_LNOTAB, table, sizeof(table) - 1, 1);
	for (int i = 0; i < 6; i++) {
		CHECK_INT(line_cursor_find(&cursor, offsets[i]), lines[i]);
		CHECK_INT(LINE_AT(LINES_LNOTAB, table, 1, offsets[i]), lines[i]);
	}
	CHECK_INT(LINE_AT(LINES_LNOTAB, table, 1, 349), 8);
	CHECK_INT(LINE_AT(LINES_LNOTAB, table, 1, UINT32_MAX - 1), 15);
}

static void lnotab_goes_back(void)
{
	CHECK_INT(LINE_AT(LINES_LNOTAB, "\x02\x0a\x02\xfb", 100, 2), 110);
	CHECK_INT(LINE_AT(LINES_LNOTAB, "\x02\x0a\x02\xfb", 100, 4), 105);
	CHECK_INT(LINE_AT(LINES_LNOTAB, "", 7, 1000), 7);
}

static void pairs_may_have_no_line(void)
{
	static const char table[] = "\x06\x00\x04\x80\x02\x02\x00\x7f\x08\x01";
	CHECK_INT(LINE_AT(LINES_PAIRS, table, 10, 4), 10);
	CHECK_INT(LINE_AT(LINES_PAIRS, table, 10, 8), 0);
	CHECK_INT(LINE_AT(LINES_PAIRS, table, 10, 10), 12);
	CHECK_INT(LINE_AT(LINES_PAIRS, table, 10, 12), 140);
	CHECK_INT(LINE_AT(LINES_PAIRS, table, 10, 20), 0);
}

static void locations_have_five_forms(void)
{
	/* Short, one line (+2), no columns (-3: svarint 7), none, long (+200: svarint 400 = 16, 6).
	   */
	static const char table[] = "\x80\x00" "\xe1\x01\x02" "\xe8\x07" "\xf8"
				    "\xf0\x50\x06\x00\x01\x02";
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 0), 50);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 2), 52);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 4), 52);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 6), 49);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 8), 0);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 10), 249);
	CHECK_INT(LINE_AT(LINES_LOCATIONS, table, 50, 12), 0);
}

/* Bytes of its own allocation: a read past the end is seen by a sanitizer. */
static void damaged_tables_end(void)
{
	for (enum line_table format = LINES_NONE; format <= LINES_LOCATIONS + 1; format++) {
		for (size_t len = 0; len < 64; len++) {
			char *table = malloc(len + 1);
			REQUIRE(table);
			memset(table, 0xf0 | (int)len, len);
			struct line_cursor cursor;
			unsigned steps = 0;
			line_cursor_init(&cursor, format, table, len, -5);
			while (line_cursor_next(&cursor)) {
				CHECK(cursor.end >= cursor.start);
				REQUIRE(++steps <= 64);
			}
			free(table);
		}
	}
}

static uint32_t read_u32(FILE *file)
{
	uint32_t value;
	REQUIRE(fread(&value, sizeof(value), 1, file) == 1);
	return value;
}

/**
 * A code: format, first line, length and bytes of the table, number of code units, line of each.
 */
static unsigned check_code(FILE *file, enum line_table format)
{
	struct line_cursor cursor;
	int32_t first_line = (int32_t)read_u32(file);
	uint32_t len = read_u32(file);
	char *table = malloc(len + 1);
	REQUIRE(table && fread(table, 1, len, file) == len);
	uint32_t units = read_u32(file);
	unsigned wrong = 0;
	line_cursor_init(&cursor, format, table, len, first_line);
	for (uint32_t i = 0; i < units; i++) {
		wrong += line_cursor_find(&cursor, 2 * i) != read_u32(file);
	}
	free(table);
	test_state.checks += units;
	return wrong;
}

static void check_file(const char *name)
{
	FILE *file = fopen(name, "rb");
	unsigned codes = 0;
	unsigned wrong = 0;
	REQUIRE(file);
	for (uint32_t format; fread(&format, sizeof(format), 1, file) == 1; codes++) {
		wrong += check_code(file, format);
	}
	REQUIRE(feof(file) && codes > 1000);
	CHECK_INT(wrong, 0);
	fclose(file);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		test_state.name = argv[1];
		check_file(argv[1]);
		return test_done();
	}
	RUN(lnotab_counts_from_the_first_line);
	RUN(lnotab_goes_back);
	RUN(pairs_may_have_no_line);
	RUN(locations_have_five_forms);
	RUN(damaged_tables_end);
	return test_done();
}
