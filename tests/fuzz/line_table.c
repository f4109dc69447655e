// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Line tables of code objects: copied from a process in which anything may have written. */
#include "core/stack/line_table.h"

#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *bytes, size_t len)
{
	static const enum line_table formats[] = { LINES_LNOTAB, LINES_PAIRS, LINES_LOCATIONS };
	for (size_t i = 0; i < 3; i++) {
		struct line_cursor cursor;
		size_t ranges = 0;
		line_cursor_init(&cursor, formats[i], bytes, len, len ? bytes[0] : 1);
		while (line_cursor_next(&cursor)) {
			if (cursor.end < cursor.start || ranges++ > len) {
				abort();
			}
		}
		line_cursor_init(&cursor, formats[i], bytes, len, INT32_MAX);
		for (uint32_t offset = 0; offset < 512; offset += 2) {
			line_cursor_find(&cursor, offset);
		}
	}
}
