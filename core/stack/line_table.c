// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/line_table.h"

/* Codes in bits 3..6 of an entry's first byte (LINES_LOCATIONS). 0..9 are short forms on the same
   line. */
#define LOCATION_ONE_LINE_0 10
#define LOCATION_ONE_LINE_2 12
#define LOCATION_NO_COLUMNS 13
#define LOCATION_LONG 14
#define LOCATION_NONE 15
#define LOCATION_START 0x80u
#define CODE_UNIT_BYTES 2u

/** In LINES_PAIRS: a delta that says the range has no line. */
#define PAIRS_NO_LINE (-128)

void line_cursor_init(struct line_cursor *cursor, enum line_table format, const void *table,
		      size_t len, int32_t first_line)
{
	*cursor = (struct line_cursor){
		.at = table,
		.limit = (const uint8_t *)table + len,
		.format = format,
		.line_sum = first_line,
		.line = first_line > 0 ? (uint32_t)first_line : 0,
	};
	if (format < LINES_LNOTAB || format > LINES_LOCATIONS) {
		cursor->limit = cursor->at;
	}
}

/**
 * Make the range of length bytes that follows the current one. A range past 4 GiB of code is
 * damage: it ends there.
 */
static void cursor_advance(struct line_cursor *cursor, uint32_t length, bool has_line)
{
	bool valid = has_line && cursor->line_sum > 0 && cursor->line_sum <= INT32_MAX;
	cursor->start = cursor->end;
	if (__builtin_add_overflow(cursor->end, length, &cursor->end)) {
		cursor->end = UINT32_MAX;
	}
	cursor->line = valid ? (uint32_t)cursor->line_sum : 0;
}

/**
 * A pair is (bytes from the previous change, change of line that follows): the line holds for the
 * bytes *before* it is changed. After the last pair the last line holds to the end of the code.
 */
static bool next_lnotab(struct line_cursor *cursor)
{
	if (cursor->limit - cursor->at < 2) {
		if (cursor->end == UINT32_MAX) {
			return false;
		}
		cursor_advance(cursor, UINT32_MAX, true);
		return true;
	}
	cursor_advance(cursor, cursor->at[0], true);
	cursor->line_sum += (int8_t)cursor->at[1];
	cursor->at += 2;
	return true;
}

/** A pair is (bytes of the range, change of line before it). */
static bool next_pair(struct line_cursor *cursor)
{
	if (cursor->limit - cursor->at < 2) {
		return false;
	}
	int8_t delta = (int8_t)cursor->at[1];
	if (delta != PAIRS_NO_LINE) {
		cursor->line_sum += delta;
	}
	cursor_advance(cursor, cursor->at[0], delta != PAIRS_NO_LINE);
	cursor->at += 2;
	return true;
}

/**
 * Six bits per byte, least significant first; bit 6 says that another follows; the sign is bit 0 of
 * the number.
 */
static int64_t read_signed_varint(const uint8_t *at, const uint8_t *limit)
{
	uint64_t value = 0;
	for (unsigned shift = 0; at < limit && shift < 36; shift += 6) {
		value |= (uint64_t)(*at & 63) << shift;
		if ((*at++ & 64) == 0) {
			break;
		}
	}
	int64_t magnitude = (int64_t)(value >> 1);
	return value & 1 ? -magnitude : magnitude;
}

static int64_t location_line_delta(unsigned code, const uint8_t *rest, const uint8_t *limit)
{
	if (code == LOCATION_LONG || code == LOCATION_NO_COLUMNS) {
		return read_signed_varint(rest, limit);
	}
	if (code >= LOCATION_ONE_LINE_0 && code <= LOCATION_ONE_LINE_2) {
		return code - LOCATION_ONE_LINE_0;
	}
	return 0;
}

/** An entry is a first byte with bit 7 set and all bytes up to the next such. */
static bool next_location(struct line_cursor *cursor)
{
	if (cursor->at >= cursor->limit) {
		return false;
	}
	unsigned first = *cursor->at++;
	unsigned code = (first >> 3) & 15;
	cursor->line_sum += location_line_delta(code, cursor->at, cursor->limit);
	cursor_advance(cursor, ((first & 7) + 1) * CODE_UNIT_BYTES, code != LOCATION_NONE);
	while (cursor->at < cursor->limit && (*cursor->at & LOCATION_START) == 0) {
		cursor->at++;
	}
	return true;
}

bool line_cursor_next(struct line_cursor *cursor)
{
	switch (cursor->format) {
	case LINES_LNOTAB:
		return next_lnotab(cursor);
	case LINES_PAIRS:
		return next_pair(cursor);
	case LINES_LOCATIONS:
		return next_location(cursor);
	case LINES_NONE:
		break;
	}
	return false;
}

uint32_t line_cursor_find(struct line_cursor *cursor, uint32_t offset)
{
	while (offset >= cursor->end) {
		if (!line_cursor_next(cursor)) {
			return 0;
		}
	}
	return cursor->line;
}
