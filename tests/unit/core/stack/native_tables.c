// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* An unwind table of one function, instruction by instruction; x86-64's numbers of registers. */
#include "core/stack/native_tables.h"
#include "tests/unit/test.h"

#if defined(__x86_64__)

#define CODE 128u
#define RBX 0

/* As in .eh_frame_hdr and .eh_frame: addresses are relative to the table or to where they stand. */
static const uint8_t table[CODE + 64] = {
	1, 0x1b, 0x03, 0x3b, 16, 0, 0, 0, 1, 0, 0, 0, CODE, 0, 0, 0, 44, 0, 0, 0,
	/* 20: the common entry: "zR", alignments 1 and -8, return address in column 16; CFA is
	   rsp + 8, the return address at CFA - 8 */
	20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0,
	/* 44: 16 bytes of code */
	44, 0, 0, 0, 28, 0, 0, 0, CODE - 52, 0, 0, 0, 16, 0, 0, 0, 0,
	/* 1: push rbp */
	0x41, 0x0e, 16, 0x86, 2,
	/* 3: CFA by rbp; rbx at CFA - 24 */
	0x42, 0x0d, 6, 0x83, 3,
	/* 4: aside: an epilogue */
	0x41, 0x0a, 0x0c, 7, 8, 0xc6,
	/* 6: and back */
	0x42, 0x0b,
	/* 7: CFA by an expression: rsp + 40 + 8 */
	0x41, 0x0f, 4, 0x77, 40, 0x38, 0x22,
	/* 9: the outermost function */
	0x42, 0x07, 16,
};

static struct native_row row;

static bool find(unsigned offset)
{
	uintptr_t start = (uintptr_t)table;
	struct native_object object = { start, start + sizeof(table), start, NULL };
	return native_find_row(&object, start + CODE + offset, &row);
}

static void only_its_own_code_is_described(void)
{
	CHECK(!find((unsigned)-1));
	CHECK(find(0));
	CHECK(row.start == (uintptr_t)table + CODE);
	CHECK(find(15));
	CHECK(!find(16));
}

static void first_the_common_entry_holds(void)
{
	REQUIRE(find(0));
	CHECK_INT(row.cfa_place, NATIVE_SP);
	CHECK_INT(row.cfa_value, 8);
	CHECK_INT(row.where[NATIVE_RA], WHERE_AT_CFA);
	CHECK_INT(row.value[NATIVE_RA], -8);
	CHECK_INT(row.where[NATIVE_FP], WHERE_SAME);
}

static void instructions_hold_from_their_place_on(void)
{
	REQUIRE(find(1));
	CHECK_INT(row.cfa_value, 16);
	CHECK_INT(row.where[NATIVE_FP], WHERE_AT_CFA);
	CHECK_INT(row.value[NATIVE_FP], -16);
	REQUIRE(find(2));
	CHECK_INT(row.cfa_place, NATIVE_SP);
	REQUIRE(find(3));
	CHECK_INT(row.cfa_place, NATIVE_FP);
	CHECK_INT(row.cfa_value, 16);
	CHECK_INT(row.value[RBX], -24);
}

static void rows_are_set_aside_and_come_back(void)
{
	REQUIRE(find(5));
	CHECK_INT(row.cfa_place, NATIVE_SP);
	CHECK_INT(row.where[NATIVE_FP], WHERE_SAME);
	REQUIRE(find(6));
	CHECK_INT(row.cfa_place, NATIVE_FP);
	CHECK_INT(row.where[NATIVE_FP], WHERE_AT_CFA);
}

static void expressions_are_evaluated(void)
{
	uintptr_t start = (uintptr_t)table;
	struct native_object object = { start, start + sizeof(table), start, NULL };
	struct native_registers registers = { { 0 } };
	struct native_span nothing = { UINTPTR_MAX, UINTPTR_MAX };
	uintptr_t result = 0;
	registers.value[NATIVE_SP] = 1000;
	REQUIRE(find(7));
	CHECK_INT(row.cfa_place, NATIVE_REGISTERS);
	REQUIRE(native_evaluate(&object, row.cfa_value, &registers, 0, false, &nothing, &result));
	CHECK_INT(result, 1048);
}

static void the_outermost_frame_has_no_caller(void)
{
	REQUIRE(find(9));
	CHECK_INT(row.where[NATIVE_RA], WHERE_UNKNOWN);
}

int main(void)
{
	RUN(only_its_own_code_is_described);
	RUN(first_the_common_entry_holds);
	RUN(instructions_hold_from_their_place_on);
	RUN(rows_are_set_aside_and_come_back);
	RUN(expressions_are_evaluated);
	RUN(the_outermost_frame_has_no_caller);
	return test_done();
}

#else

int main(void)
{
	return test_done();
}

#endif
