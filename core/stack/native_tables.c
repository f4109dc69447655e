// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_tables.h"

#include "core/stack/native_bytes.h"

#include <string.h>

/** Instructions, DWARF 5 table 7.29; the last three are GNU's and Arm's. */
enum {
	CFA_ADVANCE = 0x40, /* the low six bits are an operand, as in the next two */
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE_1 = 0x02,
	CFA_ADVANCE_2 = 0x03,
	CFA_ADVANCE_4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_RESTORE_EXTENDED = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER = 0x0a,
	CFA_RECALL = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_EXTENDED_SF = 0x11,
	CFA_DEF_CFA_SF = 0x12,
	CFA_DEF_CFA_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPRESSION = 0x16,
	CFA_NEGATE_RA_STATE = 0x2d,
	CFA_ARGS_SIZE = 0x2e,
	CFA_NEGATIVE_OFFSET = 0x2f
};

/** native_row.cfa_place before anything has said what the CFA is. */
#define CFA_NOT_SET (NATIVE_REGISTERS + 1u)

/** Rows that a function may set aside at a time: compilers do with one. */
#define REMEMBERED_MAX 2u

/** What a common information entry says. */
struct common {
	struct native_bytes program;
	uint64_t code_align;
	int64_t data_align;
	uint8_t pointer_encoding;
	bool has_augmentation;
	bool is_signal;
};

/** A run through a function's instructions. */
struct run {
	const struct native_object *object;
	const struct common *common;
	struct native_row *row;
	uintptr_t location;
	/** A number is too large for a row. */
	bool is_bad;
	unsigned remembered;
	/** [0] is the row that the common entry makes; behind it those that were set aside. */
	struct native_row rows[1 + REMEMBERED_MAX];
};

static struct native_bytes object_bytes(const struct native_object *object, uintptr_t at)
{
	struct native_bytes bytes = { (const uint8_t *)at, (const uint8_t *)object->end, false };
	if (at < object->start || at >= object->end) {
		bytes.next = bytes.end;
		bytes.is_bad = true;
	}
	return bytes;
}

/** The bytes of the entry at an address, without its length. */
static struct native_bytes entry_bytes(const struct native_object *object, uintptr_t at)
{
	struct native_bytes bytes = object_bytes(object, at);
	uint64_t len = bytes_unsigned(&bytes, 4);
	if (len == 0xffffffff) {
		len = bytes_unsigned(&bytes, 8);
	}
	if (len == 0 || len > (uint64_t)(bytes.end - bytes.next)) {
		bytes.is_bad = true;
		bytes.end = bytes.next;
	} else {
		bytes.end = bytes.next + len;
	}
	return bytes;
}

/** The letters behind 'z' and what belongs to them. */
static void read_augmentation(struct native_bytes *bytes, const char *letters,
			      struct common *common)
{
	uint64_t len = bytes_uleb(bytes);
	struct native_bytes data = *bytes;
	bytes_skip(bytes, len);
	data.end = bytes->next;
	for (; *letters && !data.is_bad; letters++) {
		if (*letters == 'R') {
			common->pointer_encoding = (uint8_t)bytes_unsigned(&data, 1);
		} else if (*letters == 'P') {
			uint8_t encoding = (uint8_t)bytes_unsigned(&data, 1);
			bytes_pointer(&data, encoding & 0x7f, 0);
		} else if (*letters == 'L') {
			bytes_skip(&data, 1);
		} else if (*letters == 'S') {
			common->is_signal = true;
		} else if (*letters != 'B') {
			bytes->is_bad = true;
		}
	}
}

static bool read_common(const struct native_object *object, uintptr_t at, struct common *ret)
{
	struct native_bytes bytes = entry_bytes(object, at);
	char letters[8];
	unsigned count = 0;
	bytes_skip(&bytes, 4); /* 0: it is a common entry */
	uint8_t version = (uint8_t)bytes_unsigned(&bytes, 1);
	do {
		letters[count] = (char)bytes_unsigned(&bytes, 1);
	} while (letters[count] && ++count < sizeof(letters));
	if (bytes.is_bad || count == sizeof(letters) || (version != 1 && version != 3)) {
		return false;
	}
	*ret = (struct common){ .code_align = bytes_uleb(&bytes) };
	ret->data_align = bytes_sleb(&bytes);
	/* The column of the return address is the machine's. */
	if (version == 1) {
		bytes_skip(&bytes, 1);
	} else {
		bytes_uleb(&bytes);
	}
	ret->has_augmentation = letters[0] == 'z';
	if (ret->has_augmentation) {
		read_augmentation(&bytes, letters + 1, ret);
	} else if (letters[0]) {
		return false;
	}
	ret->program = bytes;
	return !bytes.is_bad;
}

/** Whatever the numbers: they may be anything. */
static int64_t scaled(uint64_t number, int64_t align)
{
	return (int64_t)(number * (uint64_t)align);
}

static void set(struct run *run, uint64_t dwarf, enum native_where where, int64_t value)
{
	int place = native_place(dwarf);
	if (place >= 0) {
		run->row->where[place] = (uint8_t)where;
		run->row->value[place] = (int32_t)value;
		run->is_bad |= value != (int32_t)value;
	}
}

static void restore(struct run *run, uint64_t dwarf)
{
	int place = native_place(dwarf);
	if (place >= 0) {
		run->row->where[place] = run->rows[0].where[place];
		run->row->value[place] = run->rows[0].value[place];
	}
}

static bool set_cfa(struct run *run, uint64_t dwarf, int64_t value)
{
	int place = native_place(dwarf);
	run->row->cfa_place = (uint8_t)place;
	run->row->cfa_value = (int32_t)value;
	return place >= 0 && value == (int32_t)value;
}

/** Without one there is nothing to change the offset, or the register, of. */
static bool has_cfa_register(const struct native_row *row)
{
	return row->cfa_place < NATIVE_REGISTERS;
}

/** Skip an expression; its place in the object. */
static int32_t take_expression(struct run *run, struct native_bytes *bytes)
{
	uintptr_t at = (uintptr_t)bytes->next - run->object->start;
	bytes_skip(bytes, bytes_uleb(bytes));
	run->is_bad |= at > INT32_MAX;
	return (int32_t)at;
}

static bool remember(struct run *run)
{
	if (run->remembered == REMEMBERED_MAX) {
		return false;
	}
	run->rows[++run->remembered] = *run->row;
	return true;
}

static bool recall(struct run *run)
{
	if (run->remembered == 0) {
		return false;
	}
	*run->row = run->rows[run->remembered--];
	return true;
}

/** Instructions that say where a register is. */
static bool run_register(struct run *run, uint8_t instruction, struct native_bytes *bytes)
{
	const int64_t align = run->common->data_align;
	uint64_t number = bytes_uleb(bytes);
	switch (instruction) {
	case CFA_OFFSET_EXTENDED:
		set(run, number, WHERE_AT_CFA, scaled(bytes_uleb(bytes), align));
		return true;
	case CFA_OFFSET_EXTENDED_SF:
		set(run, number, WHERE_AT_CFA, scaled((uint64_t)bytes_sleb(bytes), align));
		return true;
	case CFA_NEGATIVE_OFFSET:
		set(run, number, WHERE_AT_CFA, scaled(-bytes_uleb(bytes), align));
		return true;
	case CFA_VAL_OFFSET:
		set(run, number, WHERE_CFA_PLUS, scaled(bytes_uleb(bytes), align));
		return true;
	case CFA_VAL_OFFSET_SF:
		set(run, number, WHERE_CFA_PLUS, scaled((uint64_t)bytes_sleb(bytes), align));
		return true;
	case CFA_RESTORE_EXTENDED:
		restore(run, number);
		return true;
	case CFA_UNDEFINED:
		set(run, number, WHERE_UNKNOWN, 0);
		return true;
	case CFA_SAME_VALUE:
		set(run, number, WHERE_SAME, 0);
		return true;
	case CFA_REGISTER: {
		int place = native_place(bytes_uleb(bytes));
		set(run, number, place < 0 ? WHERE_UNKNOWN : WHERE_REGISTER, place);
		return true;
	}
	case CFA_EXPRESSION:
		set(run, number, WHERE_AT_RESULT, take_expression(run, bytes));
		return true;
	case CFA_VAL_EXPRESSION:
		set(run, number, WHERE_RESULT, take_expression(run, bytes));
		return true;
	default:
		return false;
	}
}

/** Instructions that say what the CFA is, and the rest. */
static bool run_other(struct run *run, uint8_t instruction, struct native_bytes *bytes)
{
	const int64_t align = run->common->data_align;
	struct native_row *row = run->row;
	uint64_t number;
	switch (instruction) {
	case CFA_NOP:
	case CFA_NEGATE_RA_STATE:
		return true;
	case CFA_ARGS_SIZE:
		bytes_uleb(bytes);
		return true;
	case CFA_REMEMBER:
		return remember(run);
	case CFA_RECALL:
		return recall(run);
	case CFA_DEF_CFA:
		number = bytes_uleb(bytes);
		return set_cfa(run, number, (int64_t)bytes_uleb(bytes));
	case CFA_DEF_CFA_SF:
		number = bytes_uleb(bytes);
		return set_cfa(run, number, scaled((uint64_t)bytes_sleb(bytes), align));
	case CFA_DEF_CFA_REGISTER:
		return has_cfa_register(row) && set_cfa(run, bytes_uleb(bytes), row->cfa_value);
	case CFA_DEF_CFA_OFFSET:
		row->cfa_value = (int32_t)bytes_uleb(bytes);
		return has_cfa_register(row);
	case CFA_DEF_CFA_OFFSET_SF:
		row->cfa_value = (int32_t)scaled((uint64_t)bytes_sleb(bytes), align);
		return has_cfa_register(row);
	case CFA_DEF_CFA_EXPRESSION:
		row->cfa_place = NATIVE_REGISTERS;
		row->cfa_value = take_expression(run, bytes);
		return !run->is_bad;
	default:
		return run_register(run, instruction, bytes);
	}
}

/** If an instruction is one that moves on, how far; else false, and it is still to be run. */
static bool read_advance(struct run *run, uint8_t instruction, struct native_bytes *bytes)
{
	const uint64_t align = run->common->code_align;
	switch (instruction) {
	case CFA_SET_LOC:
		run->location = bytes_pointer(bytes, run->common->pointer_encoding, 0);
		return true;
	case CFA_ADVANCE_1:
		run->location += bytes_unsigned(bytes, 1) * align;
		return true;
	case CFA_ADVANCE_2:
		run->location += bytes_unsigned(bytes, 2) * align;
		return true;
	case CFA_ADVANCE_4:
		run->location += bytes_unsigned(bytes, 4) * align;
		return true;
	default:
		if ((instruction & 0xc0) == CFA_ADVANCE) {
			run->location += (instruction & 0x3f) * align;
			return true;
		}
		return false;
	}
}

/** Run the instructions for what lies up to pc. */
static bool run_program(struct run *run, struct native_bytes bytes, uintptr_t pc)
{
	bool goes_on = true;
	while (goes_on && bytes.next < bytes.end) {
		uint8_t instruction = (uint8_t)bytes_unsigned(&bytes, 1);
		uint8_t operand = instruction & 0x3f;
		if (read_advance(run, instruction, &bytes)) {
			if (run->location > pc) {
				break;
			}
		} else if ((instruction & 0xc0) == CFA_OFFSET) {
			set(run, operand, WHERE_AT_CFA,
			    scaled(bytes_uleb(&bytes), run->common->data_align));
		} else if ((instruction & 0xc0) == CFA_RESTORE) {
			restore(run, operand);
		} else {
			goes_on = run_other(run, instruction, &bytes);
		}
	}
	return goes_on && !bytes.is_bad && !run->is_bad;
}

static uintptr_t table_number(const uint8_t *table, size_t index)
{
	int32_t number;
	memcpy(&number, table + index * sizeof(number), sizeof(number));
	return (uintptr_t)(intptr_t)number;
}

/** Address of the entry that may describe pc, by the search table; 0 if there is none. */
static uintptr_t search(const struct native_object *object, uintptr_t pc)
{
	/* Entries of two signed 4-byte numbers, relative to the table: what every linker writes. */
	const uint8_t usual = POINTER_DATA_RELATIVE | POINTER_S4;
	uintptr_t table = object->search_table;
	struct native_bytes bytes = object_bytes(object, table);
	uint8_t version = (uint8_t)bytes_unsigned(&bytes, 1);
	uint8_t frames_encoding = (uint8_t)bytes_unsigned(&bytes, 1);
	uint8_t count_encoding = (uint8_t)bytes_unsigned(&bytes, 1);
	uint8_t encoding = (uint8_t)bytes_unsigned(&bytes, 1);
	bytes_pointer(&bytes, frames_encoding, table);
	size_t count = bytes_pointer(&bytes, count_encoding, table);
	if (bytes.is_bad || version != 1 || encoding != usual
	    || count > (size_t)(bytes.end - bytes.next) / 8) {
		return 0;
	}
	size_t low = 0;
	size_t high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table + table_number(bytes.next, 2 * middle) <= pc) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low == 0 ? 0 : table + table_number(bytes.next, 2 * low - 1);
}

/** Read the entry at an address up to its instructions; false if it does not describe pc. */
static attr_noinline bool read_entry(const struct native_object *object, uintptr_t at, uintptr_t pc,
		       struct common *ret_common, struct native_bytes *ret_program,
		       uintptr_t *ret_start)
{
	struct native_bytes bytes = entry_bytes(object, at);
	uintptr_t here = (uintptr_t)bytes.next;
	uintptr_t back = bytes_unsigned(&bytes, 4);
	if (bytes.is_bad || back == 0 || !read_common(object, here - back, ret_common)) {
		return false;
	}
	uint8_t encoding = ret_common->pointer_encoding;
	*ret_start = bytes_pointer(&bytes, encoding, 0);
	uintptr_t len = bytes_pointer(&bytes, encoding & 0x0f, 0);
	if (ret_common->has_augmentation) {
		bytes_skip(&bytes, bytes_uleb(&bytes));
	}
	*ret_program = bytes;
	return !bytes.is_bad && pc - *ret_start < len;
}

/** What holds before any instruction: all is kept, and the CFA is the caller's sp. */
static void row_begin(struct native_row *row, bool is_signal, uintptr_t start)
{
	memset(row, 0, sizeof(*row));
	row->cfa_place = CFA_NOT_SET;
	row->start = start;
	row->is_signal = is_signal;
	row->where[NATIVE_SP] = WHERE_CFA_PLUS;
}

bool native_find_row(const struct native_object *object, uintptr_t pc, struct native_row *ret)
{
	struct common common;
	struct native_bytes program;
	struct run run = { .object = object, .common = &common, .row = ret };
	uintptr_t entry = object->search_table ? search(object, pc) : 0;
	if (entry == 0 || !read_entry(object, entry, pc, &common, &program, &run.location)) {
		return false;
	}
	row_begin(ret, common.is_signal, run.location);
	if (!run_program(&run, common.program, UINTPTR_MAX)) {
		return false;
	}
	run.rows[0] = *ret;
	return run_program(&run, program, pc) && ret->cfa_place != CFA_NOT_SET;
}
