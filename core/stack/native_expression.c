// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* DWARF expressions, as far as unwind tables use them: numbers, registers, memory, arithmetic. */
#include "core/stack/native_bytes.h"
#include "core/stack/native_tables.h"

/** DWARF 5 table 7.9. */
enum {
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08, /* up to const8s: sizes 1, 2, 4, 8, unsigned and signed in turn */
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_SWAP = 0x16,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_SHRA = 0x26,
	OP_XOR = 0x27,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_LIT0 = 0x30,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_NOP = 0x96
};

#define DEPTH_MAX 8u

struct machine {
	const struct native_registers *registers;
	struct native_span *span;
	unsigned depth;
	bool is_bad;
	uintptr_t stack[DEPTH_MAX];
};

static void push(struct machine *machine, uintptr_t value)
{
	if (machine->depth == DEPTH_MAX) {
		machine->is_bad = true;
		return;
	}
	machine->stack[machine->depth++] = value;
}

static uintptr_t pop(struct machine *machine)
{
	if (machine->depth == 0) {
		machine->is_bad = true;
		return 0;
	}
	return machine->stack[--machine->depth];
}

/** The value depth places below the top. */
static uintptr_t peek(struct machine *machine, unsigned below)
{
	if (machine->depth <= below) {
		machine->is_bad = true;
		return 0;
	}
	return machine->stack[machine->depth - 1 - below];
}

static uintptr_t combine(uint8_t operation, uintptr_t a, uintptr_t b, bool *ret_bad)
{
	switch (operation) {
	case OP_AND:
		return a & b;
	case OP_MINUS:
		return a - b;
	case OP_MUL:
		return a * b;
	case OP_OR:
		return a | b;
	case OP_PLUS:
		return a + b;
	case OP_XOR:
		return a ^ b;
	case OP_SHL:
		return b < 64 ? a << b : 0;
	case OP_SHR:
		return b < 64 ? a >> b : 0;
	case OP_SHRA:
		return (uintptr_t)((intptr_t)a >> (b < 64 ? b : 63));
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_GE:
		return (intptr_t)a >= (intptr_t)b;
	case OP_GT:
		return (intptr_t)a > (intptr_t)b;
	case OP_LE:
		return (intptr_t)a <= (intptr_t)b;
	case OP_LT:
		return (intptr_t)a < (intptr_t)b;
	default:
		*ret_bad = true;
		return 0;
	}
}

static void push_register(struct machine *machine, uint64_t dwarf, int64_t offset)
{
	int place = native_place(dwarf);
	if (place < 0) {
		machine->is_bad = true;
		return;
	}
	push(machine, machine->registers->value[place] + (uintptr_t)offset);
}

static void dereference(struct machine *machine)
{
	uintptr_t value = 0;
	if (!native_read(machine->span, pop(machine), &value)) {
		machine->is_bad = true;
	}
	push(machine, value);
}

static void push_constant(struct machine *machine, uint8_t operation, struct native_bytes *bytes)
{
	size_t len = (size_t)1 << ((operation - OP_CONST1U) / 2);
	push(machine, operation & 1 ? (uintptr_t)bytes_signed(bytes, len)
				    : bytes_unsigned(bytes, len));
}

static void swap(struct machine *machine)
{
	uintptr_t top = pop(machine);
	uintptr_t below = pop(machine);
	push(machine, top);
	push(machine, below);
}

static void run_one(struct machine *machine, uint8_t operation, struct native_bytes *bytes)
{
	if (operation >= OP_CONST1U && operation <= OP_CONST8S) {
		push_constant(machine, operation, bytes);
		return;
	}
	if (operation >= OP_LIT0 && operation < OP_LIT0 + 32) {
		push(machine, operation - OP_LIT0);
		return;
	}
	if (operation >= OP_BREG0 && operation <= OP_BREG31) {
		push_register(machine, operation - OP_BREG0, bytes_sleb(bytes));
		return;
	}
	switch (operation) {
	case OP_NOP:
		break;
	case OP_DEREF:
		dereference(machine);
		break;
	case OP_CONSTU:
		push(machine, bytes_uleb(bytes));
		break;
	case OP_CONSTS:
		push(machine, (uintptr_t)bytes_sleb(bytes));
		break;
	case OP_DUP:
		push(machine, peek(machine, 0));
		break;
	case OP_OVER:
		push(machine, peek(machine, 1));
		break;
	case OP_DROP:
		pop(machine);
		break;
	case OP_SWAP:
		swap(machine);
		break;
	case OP_NEG:
		push(machine, -pop(machine));
		break;
	case OP_NOT:
		push(machine, ~pop(machine));
		break;
	case OP_PLUS_UCONST:
		push(machine, pop(machine) + bytes_uleb(bytes));
		break;
	default: {
		uintptr_t b = pop(machine);
		uintptr_t a = pop(machine);
		push(machine, combine(operation, a, b, &machine->is_bad));
	}
	}
}

bool native_evaluate(const struct native_object *object, int32_t expression,
		     const struct native_registers *registers, uintptr_t initial, bool has_initial,
		     struct native_span *span, uintptr_t *ret)
{
	struct machine machine = { .registers = registers, .span = span };
	struct native_bytes bytes = { (const uint8_t *)object->start + expression,
				      (const uint8_t *)object->end, false };
	if (expression < 0 || (uintptr_t)expression >= object->end - object->start) {
		return false;
	}
	uint64_t len = bytes_uleb(&bytes);
	if (bytes.is_bad || len > (uint64_t)(bytes.end - bytes.next)) {
		return false;
	}
	bytes.end = bytes.next + len;
	if (has_initial) {
		push(&machine, initial);
	}
	while (bytes.next < bytes.end && !machine.is_bad && !bytes.is_bad) {
		run_one(&machine, (uint8_t)bytes_unsigned(&bytes, 1), &bytes);
	}
	*ret = pop(&machine);
	return !machine.is_bad && !bytes.is_bad;
}
