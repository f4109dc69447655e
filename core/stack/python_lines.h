// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The lines of instructions, from the line tables of live code objects. A table can only be read
 * from its start; where the last search in it ended is kept for some codes, so that the body of a
 * module, whose instructions come in order, is gone through once.
 */
#ifndef CORE_STACK_PYTHON_LINES_H
#define CORE_STACK_PYTHON_LINES_H

#include "core/stack/line_table.h"
#include "core/stack/python.h"

#include <stdint.h>

#define PYTHON_LINES_PLACES 64u

struct line_place {
	/** Address of the code object; 0: nothing is kept. */
	uintptr_t code;
	/** codes.generation then. */
	uint32_t generation;
	struct line_cursor cursor;
};

/** Zeroed: nothing is kept. */
struct python_lines {
	struct line_place places[PYTHON_LINES_PLACES];
};

/**
 * The line of the instruction at offset of a live code object, which info describes; of
 * instructions without one, that of the code as a whole. 0 if that has none either.
 *
 * @param generation  Another one than at an earlier call: the address may be another code's now.
 */
uint32_t python_lines_find(struct python_lines *lines, uintptr_t code, uint32_t generation,
			   const struct python_code_info *info, uint32_t offset);

#endif
