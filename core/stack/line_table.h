// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Line tables of Python code objects: from the offset of an instruction to its line.
 *
 * A cursor goes through a table once, in order of offsets, so that all offsets of one code object
 * are found in one pass. It never reads outside the table, whatever is in it: a damaged table gives
 * wrong lines and an early end. No state but the cursor; no allocation.
 *
 * Sources of the formats, in CPython's tree:
 *   LINES_LNOTAB     Objects/lnotab_notes.txt of 3.9, PyCode_Addr2Line
 *   LINES_PAIRS      Objects/lnotab_notes.txt of 3.10, Objects/codeobject.c advance()
 *   LINES_LOCATIONS  Objects/locations.md of 3.11, Objects/codeobject.c get_line_delta()
 */
#ifndef CORE_STACK_LINE_TABLE_H
#define CORE_STACK_LINE_TABLE_H

#include "core/base/python.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_cursor {
	const uint8_t *at;
	const uint8_t *limit;
	enum line_table format;
	/** The line that deltas have summed up to: a range without a line does not change it. */
	int64_t line_sum;

	/** The range the cursor stands on, in bytes of code: start <= offset < end. */
	uint32_t start;
	uint32_t end;
	/** Its line, or 0 if its instructions have none. */
	uint32_t line;
};

/**
 * Stand before the first range of a table (an empty range at 0). The table must outlive the cursor.
 */
void line_cursor_init(struct line_cursor *cursor, enum line_table format, const void *table,
		      size_t len, int32_t first_line);

/** Go to the next range; false, and nothing changes, at the end of the table. */
bool line_cursor_next(struct line_cursor *cursor);

/**
 * The line of the instruction at offset, going forward as far as needed; offsets of successive
 * calls must not decrease. 0: the table has no line for it.
 */
uint32_t line_cursor_find(struct line_cursor *cursor, uint32_t offset);

#endif
