// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_lines.h"

#include "core/base/hash.h"

/** True if a place has a cursor of this very table that can go forward to offset. */
static bool leads_to(const struct line_place *place, uintptr_t code, uint32_t generation,
		     const struct python_code_info *info, uint32_t offset)
{
	/* The table is compared too: its memory is not read unless the live code still has it. */
	return place->code == code && place->generation == generation
		&& place->cursor.limit == (const uint8_t *)info->lines + info->lines_bytes
		&& offset >= place->cursor.start;
}

uint32_t python_lines_find(struct python_lines *lines, uintptr_t code, uint32_t generation,
			   const struct python_code_info *info, uint32_t offset)
{
	struct line_place *place = &lines->places[hash_mix(code, 0) % PYTHON_LINES_PLACES];
	if (!leads_to(place, code, generation, info, offset)) {
		place->code = code;
		place->generation = generation;
		line_cursor_init(&place->cursor, info->line_format, info->lines, info->lines_bytes,
				 info->first_line);
	}
	uint32_t line = line_cursor_find(&place->cursor, offset);
	if (line == 0 && info->first_line > 0) {
		line = (uint32_t)info->first_line;
	}
	return line;
}
