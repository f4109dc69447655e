// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Unwind tables: for an instruction, where the caller's registers are. Read from .eh_frame as it is
 * loaded, found by the search table in .eh_frame_hdr.
 *
 * Formats: Linux Standard Base 5.0 Core, chapter 10.6 (.eh_frame, .eh_frame_hdr); DWARF 5, chapter
 * 6.4 (the instructions), 2.5 (expressions).
 *
 * No allocation, no locks, no system calls; every read is inside the object. Any context.
 */
#ifndef CORE_STACK_NATIVE_TABLES_H
#define CORE_STACK_NATIVE_TABLES_H

#include "core/stack/native_machine.h"
#include "core/stack/native_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where a caller's register is. CFA: the stack pointer before the call that made this frame. */
enum native_where {
	WHERE_SAME = 0,    /* in the register */
	WHERE_UNKNOWN,     /* nowhere; of the return address: this is the outermost frame */
	WHERE_AT_CFA,      /* in memory, value bytes from the CFA */
	WHERE_CFA_PLUS,    /* it is the CFA plus value */
	WHERE_REGISTER,    /* in the register at place value */
	WHERE_AT_RESULT,   /* in memory, where an expression says */
	WHERE_RESULT       /* it is an expression's result */
};

/**
 * Where a function's caller has its registers. Expressions are offsets, from the start of the
 * object, of their lengths.
 */
struct native_row {
	/** Where the function begins, or the part of it that has an entry of its own. */
	uintptr_t start;
	int32_t cfa_value;
	/** The place that cfa_value is added to; NATIVE_REGISTERS: cfa_value is an expression. */
	uint8_t cfa_place;
	/** The function is what a signal handler returns to. */
	bool is_signal;
	uint8_t where[NATIVE_REGISTERS];
	int32_t value[NATIVE_REGISTERS];
};

/** An object's addresses in memory and its search table. */
struct native_object {
	uintptr_t start;
	uintptr_t end;
	/** .eh_frame_hdr; 0 if it has none. */
	uintptr_t search_table;
	/** The loader's struct link_map of it. */
	const void *link_map;
};

/**
 * The row for an instruction of an object.
 *
 * @param pc  An address inside the instruction: of a call, that of its return address minus 1.
 * @return false, *ret undefined, if there is no table for it, or none that can be understood.
 */
bool native_find_row(const struct native_object *object, uintptr_t pc, struct native_row *ret);

/** The result of an expression of the object, begun with initial on its stack; false: none. */
bool native_evaluate(const struct native_object *object, int32_t expression,
		     const struct native_registers *registers, uintptr_t initial, bool has_initial,
		     struct native_span *span, uintptr_t *ret);

#endif
