// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Unwind tables: whatever the workload has mapped is read, in its own process. The object is the
 * input alone, its search table at the beginning.
 */
#include "core/stack/native_tables.h"

#include "tests/fuzz/fuzz.h"

/** The seed describes the addresses of the object from here on. */
#define CODE 0x80u
#define CODE_BYTES 16u

/** No memory but the object may be read. */
static void evaluate_all(const struct native_object *object, const struct native_row *row)
{
	struct native_registers registers = { { 1, 2, 3 } };
	struct native_span nothing = { UINTPTR_MAX, UINTPTR_MAX };
	uintptr_t result;
	if (row->cfa_place >= NATIVE_REGISTERS) {
		native_evaluate(object, row->cfa_value, &registers, 0, false, &nothing, &result);
	}
	for (unsigned i = 0; i < NATIVE_REGISTERS; i++) {
		if (row->where[i] == WHERE_AT_RESULT || row->where[i] == WHERE_RESULT) {
			native_evaluate(object, row->value[i], &registers, 7, true, &nothing,
					&result);
		} else if (row->where[i] == WHERE_REGISTER
			   && (uint32_t)row->value[i] >= NATIVE_REGISTERS) {
			abort();
		}
	}
}

void fuzz_one(const uint8_t *bytes, size_t len)
{
	uintptr_t start = (uintptr_t)bytes;
	struct native_object object = { .start = start, .end = start + len, .search_table = start };
	struct native_row row;
	for (uintptr_t pc = start + CODE; len != 0 && pc < start + CODE + CODE_BYTES; pc++) {
		if (native_find_row(&object, pc, &row)) {
			evaluate_all(&object, &row);
		}
	}
}

size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	/* Addresses are offsets from the table, or from where they stand. */
	static const uint8_t seed[] = {
		1, 0x1b, 0x03, 0x3b, 16, 0, 0, 0, 1, 0, 0, 0,
		CODE, 0, 0, 0, 44, 0, 0, 0,
		/* 20: the common entry: version 1, "zR", alignments 1 and -8, column 16 */
		20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1,
		0, 0,
		/* 44: an entry */
		48, 0, 0, 0, 28, 0, 0, 0, CODE - 52, 0, 0, 0, CODE_BYTES, 0, 0, 0, 0,
		0x41, 0x0e, 16, 0x86, 2, 0x42, 0x0d, 6, 0x0a, 0x41, 0x0c, 7, 8, 0x0b, 0x41,
		0x0f, 4, 0x77, 40, 0x38, 0x22, 0x41, 0x10, 3, 2, 0x76, 0x78, 0x41, 0x07, 16,
		0x08, 6, 0x2e, 16, 0,
	};
	if (number > 0) {
		return 0;
	}
	memcpy(bytes, seed, sizeof(seed));
	return sizeof(seed);
}
