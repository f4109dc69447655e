// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_step.h"

#include "core/base/atomic.h"
#include "core/stack/native_bytes.h"
#include "core/stack/native_tables.h"

#include <string.h>

#define WORD ((int64_t)sizeof(uintptr_t))

/* DWARF 5 table 7.9, of the frame pointer: DW_OP_breg6 or DW_OP_breg29. */
#if defined(__x86_64__)
#define OP_FROM_FP 0x76
#else
#define OP_FROM_FP 0x8d
#endif
#define OP_DEREF 0x06

/** An address inside the instruction that a frame is at. */
static uintptr_t inside(uintptr_t pc, bool is_exact)
{
	return is_exact ? pc : pc - 1;
}

/** If an expression is fp + offset, or what is in memory there, that offset. */
static bool is_fp_expression(const struct native_object *object, int32_t expression, bool is_memory,
			     int64_t *ret_offset)
{
	struct native_bytes bytes = { (const uint8_t *)object->start + expression,
				      (const uint8_t *)object->end, false };
	uint64_t len = bytes_uleb(&bytes);
	if (bytes.is_bad || len > (uint64_t)(bytes.end - bytes.next)) {
		return false;
	}
	bytes.end = bytes.next + len;
	if (bytes_unsigned(&bytes, 1) != OP_FROM_FP) {
		return false;
	}
	*ret_offset = bytes_sleb(&bytes);
	return (!is_memory || bytes_unsigned(&bytes, 1) == OP_DEREF) && bytes.next == bytes.end
		&& !bytes.is_bad;
}

/**
 * A function that has aligned its stack: the compiler keeps the caller's stack pointer in a word
 * below fp, and says so in expressions.
 */
static native_rule rule_of_aligned(const struct native_object *object, const struct native_row *row)
{
	int64_t cfa;
	int64_t fp;
	int64_t ra = row->value[NATIVE_RA];
	if (row->cfa_place != NATIVE_REGISTERS || row->where[NATIVE_RA] != WHERE_AT_CFA
	    || row->where[NATIVE_FP] != WHERE_AT_RESULT
	    || !is_fp_expression(object, row->cfa_value, true, &cfa)
	    || !is_fp_expression(object, row->value[NATIVE_FP], false, &fp)
	    || !rule_fits(cfa, fp, ra)) {
		return RULE_GENERAL;
	}
	return rule_make(RULE_FP_MEMORY, cfa, fp / WORD, ra / WORD);
}

static native_rule rule_of_row(const struct native_object *object, const struct native_row *row)
{
	if (row->is_signal) {
		return RULE_SIGNAL;
	}
	if (row->where[NATIVE_RA] == WHERE_UNKNOWN) {
		return RULE_END;
	}
	if (row->cfa_place == NATIVE_REGISTERS) {
		return rule_of_aligned(object, row);
	}
	int64_t fp = row->where[NATIVE_FP] == WHERE_AT_CFA ? row->value[NATIVE_FP] : 0;
	bool is_plain = (row->where[NATIVE_FP] == WHERE_SAME || fp != 0)
		&& row->where[NATIVE_RA] == WHERE_AT_CFA && row->where[NATIVE_SP] == WHERE_CFA_PLUS
		&& row->value[NATIVE_SP] == 0
		&& rule_fits(row->cfa_value, fp, row->value[NATIVE_RA]);
	if (!is_plain || (row->cfa_place != NATIVE_SP && row->cfa_place != NATIVE_FP)) {
		return RULE_GENERAL;
	}
	return rule_make(row->cfa_place == NATIVE_SP ? RULE_SP : RULE_FP, row->cfa_value, fp / WORD,
			 row->value[NATIVE_RA] / WORD);
}

/** True if pc is what a signal handler returns to, in code without tables (musl). */
static bool is_signal_return(const struct native_object *object, uintptr_t pc)
{
	return pc >= object->start && object->end - pc >= sizeof(native_signal_return)
		&& native_can_read(pc) && native_can_read(pc + sizeof(native_signal_return) - 1)
		&& memcmp((const void *)pc, native_signal_return, sizeof(native_signal_return))
			== 0;
}

/** Keep dlclose from taking away what is looked at; false if it is at work. */
static bool begin_reading(struct native *native, struct native_cache *cache)
{
	store_relaxed(&cache->reading, 1);
	/* Pairs with the fence of native_close_begins: either it sees us, or we see it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load_acquire(&native->closing) == 0 || !native_objects_walks_list(&native->objects);
}

static void end_reading(struct native_cache *cache)
{
	/* Pairs with the load of whoever waits for readers. */
	store_release(&cache->reading, 0);
}

static bool find_object(struct native *native, struct native_cache *cache, uintptr_t address,
			struct native_object *ret)
{
	bool found = begin_reading(native, cache)
		&& native_find_object(&native->objects, address, ret);
	end_reading(cache);
	return found;
}

static bool range_holds(const struct native_range *range, uintptr_t address)
{
	return address - range->start < range->end - range->start;
}

/** start: of the function, 0 if it is not known. */
static enum native_class class_of(const struct native *native, uintptr_t address, uintptr_t start)
{
	if (range_holds(&native->hook, address)) {
		return CLASS_HOOK;
	}
	if (start != 0 && start == native->eval) {
		return CLASS_EVAL;
	}
	return range_holds(&native->python, address) ? CLASS_PYTHON : CLASS_CODE;
}

/**
 * Is what a frame returns to the start of a function? No call leads there: a stack was made to
 * begin with it (makecontext).
 */
static bool begins_stack(const struct native_object *object, const struct native_state *state)
{
	struct native_row row;
	return !state->is_exact && native_find_row(object, state->pc, &row)
		&& row.start == state->pc;
}

static attr_noinline native_rule make_rule(struct native *native, struct native_cache *cache,
					   const struct native_state *state)
{
	struct native_object object;
	struct native_row row;
	native_rule rule = RULE_NO_TABLE;
	uintptr_t address = inside(state->pc, state->is_exact);
	if (!find_object(native, cache, address, &object)) {
		return rule_with_class(RULE_NO_OBJECT, CLASS_NO_OBJECT);
	}
	native_maps_add(&native->maps, object.link_map);
	row.start = 0;
	if (native_find_row(&object, address, &row)) {
		rule = rule_of_row(&object, &row);
	} else if (is_signal_return(&object, state->pc)) {
		rule = RULE_SIGNAL;
	} else if (begins_stack(&object, state)) {
		rule = RULE_END;
	}
	return rule_with_class(rule, class_of(native, address, row.start));
}

native_rule native_rule_of(struct native *native, struct native_cache *cache,
			   const struct native_state *state)
{
	uint32_t generation = cache->generation;
	native_rule rule = RULE_NONE;
	if (likely(!cache->is_passing)) {
		rule = rules_find(&native->rules, generation, state->pc, state->is_exact);
	}
	if (likely(rule != RULE_NONE)) {
		return rule;
	}
	rule = make_rule(native, cache, state);
	/* Code of no object may be another object's tomorrow, and nobody tells us. */
	if (!cache->is_passing && rule_kind(rule) != RULE_NO_OBJECT) {
		rules_add(&native->rules, generation, state->pc, state->is_exact, rule);
	}
	return rule;
}

/** From the frame that a signal handler returns to, to what the signal interrupted. */
static bool step_signal(struct native_span *span, struct native_state *state)
{
	uintptr_t from = state->sp;
	struct native_state to = { .is_exact = true };
	if (!native_read(span, from + native_signal_offset(NATIVE_SP), &to.sp)
	    || !native_read(span, from + native_signal_offset(NATIVE_RA), &to.pc)
	    || !native_read(span, from + native_signal_offset(NATIVE_FP), &to.fp)) {
		return false;
	}
	*state = to;
	return to.pc != 0;
}

/** Where the CFA is by a rule, and the address from which its FP slot counts. */
static bool rule_cfa(struct native_span *span, native_rule rule, const struct native_state *state,
		     uintptr_t *ret_cfa, uintptr_t *ret_fp_base)
{
	uintptr_t offset = (uintptr_t)rule_cfa_offset(rule);
	switch (rule_kind(rule)) {
	case RULE_SP:
		*ret_cfa = *ret_fp_base = state->sp + offset;
		return true;
	case RULE_FP:
		*ret_cfa = *ret_fp_base = state->fp + offset;
		return true;
	default:
		*ret_fp_base = state->fp;
		return native_read(span, state->fp + offset, ret_cfa);
	}
}

static enum native_step step_plainly(struct native_span *span, native_rule rule,
				     struct native_state *state, struct native_frame *frame)
{
	uintptr_t cfa;
	uintptr_t fp_base;
	uintptr_t pc;
	uintptr_t fp = state->fp;
	frame->flags |= rule_kind(rule) == RULE_SP ? 0 : NATIVE_FRAME_FROM_FP;
	/* A caller's frame lies above; whatever does not is no stack. */
	if (!rule_cfa(span, rule, state, &cfa, &fp_base) || cfa <= state->sp
	    || !native_read(span, cfa + (uintptr_t)rule_ra_offset(rule), &pc)) {
		return STEP_LAST;
	}
	bool aligned = rule_kind(rule) == RULE_FP_MEMORY;
	if (aligned || rule_fp_offset(rule) != 0) {
		frame->fp_slot = fp_base + (uintptr_t)rule_fp_offset(rule);
		if (!native_read(span, frame->fp_slot, &fp)) {
			return STEP_LAST;
		}
	}
	/* The word that an aligned frame's CFA is in is not compared: it is walked anew. */
	frame->ra_slot = aligned ? 0 : cfa + (uintptr_t)rule_ra_offset(rule);
	*state = (struct native_state){ cfa, native_strip(pc), fp, false };
	return state->pc != 0 ? STEP_DONE : STEP_LAST;
}

enum native_step native_step_by_rule(struct native_span *span, native_rule rule,
				     struct native_state *state, struct native_frame *frame)
{
	switch (rule_kind(rule)) {
	case RULE_SP:
	case RULE_FP:
	case RULE_FP_MEMORY:
		return step_plainly(span, rule, state, frame);
	case RULE_SIGNAL:
		return step_signal(span, state) ? STEP_DONE : STEP_LAST;
	case RULE_GENERAL:
		return STEP_GENERAL;
	case RULE_NO_TABLE:
		frame->flags |= NATIVE_FRAME_LAST | NATIVE_FRAME_NO_TABLE;
		return STEP_LAST;
	default:
		frame->flags |= NATIVE_FRAME_LAST;
		return STEP_LAST;
	}
}

/** A caller's register; false if it cannot be known. */
static bool recover(const struct native_object *object, const struct native_row *row,
		    const struct native_registers *registers, struct native_span *span,
		    unsigned place, uintptr_t cfa, uintptr_t *ret)
{
	int32_t value = row->value[place];
	uintptr_t result;
	switch ((enum native_where)row->where[place]) {
	case WHERE_SAME:
		*ret = registers->value[place];
		return true;
	case WHERE_AT_CFA:
		return native_read(span, cfa + (uintptr_t)(intptr_t)value, ret);
	case WHERE_CFA_PLUS:
		*ret = cfa + (uintptr_t)(intptr_t)value;
		return true;
	case WHERE_REGISTER:
		*ret = registers->value[value];
		return true;
	case WHERE_AT_RESULT:
		return native_evaluate(object, value, registers, cfa, true, span, &result)
			&& native_read(span, result, ret);
	case WHERE_RESULT:
		return native_evaluate(object, value, registers, cfa, true, span, ret);
	case WHERE_UNKNOWN:
		break;
	}
	return false;
}

static bool find_cfa(const struct native_object *object, const struct native_row *row,
		     const struct native_registers *registers, struct native_span *span,
		     uintptr_t *ret)
{
	if (row->cfa_place < NATIVE_REGISTERS) {
		*ret = registers->value[row->cfa_place] + (uintptr_t)(intptr_t)row->cfa_value;
		return true;
	}
	return native_evaluate(object, row->cfa_value, registers, 0, false, span, ret);
}

static bool step_row(const struct native_object *object, const struct native_row *row,
		     struct native_registers *registers, struct native_span *span)
{
	struct native_registers caller = *registers;
	uintptr_t cfa;
	if (!find_cfa(object, row, registers, span, &cfa)
	    || !recover(object, row, registers, span, NATIVE_RA, cfa, &caller.value[NATIVE_RA])) {
		return false;
	}
	for (unsigned place = 0; place < NATIVE_REGISTERS; place++) {
		if (place != NATIVE_RA
		    && !recover(object, row, registers, span, place, cfa, &caller.value[place])) {
			/* Not a register that anybody was promised. */
			caller.value[place] = 0;
		}
	}
	caller.value[NATIVE_RA] = native_strip(caller.value[NATIVE_RA]);
	bool is_above = caller.value[NATIVE_SP] > registers->value[NATIVE_SP];
	*registers = caller;
	return is_above && caller.value[NATIVE_RA] != 0;
}

static bool step_signal_fully(struct native_registers *registers, struct native_span *span)
{
	uintptr_t from = registers->value[NATIVE_SP];
	for (unsigned place = 0; place < NATIVE_REGISTERS; place++) {
		if (!native_read(span, from + native_signal_offset(place),
				 &registers->value[place])) {
			return false;
		}
	}
	return registers->value[NATIVE_RA] != 0;
}

bool native_step_fully(struct native *native, struct native_cache *cache, struct native_span *span,
		       struct native_registers *registers, bool *is_exact)
{
	struct native_object object;
	struct native_row row;
	uintptr_t pc = registers->value[NATIVE_RA];
	uintptr_t address = inside(pc, *is_exact);
	if (!find_object(native, cache, address, &object)) {
		return false;
	}
	bool has_row = native_find_row(&object, address, &row);
	bool is_signal = has_row ? row.is_signal : is_signal_return(&object, pc);
	*is_exact = is_signal;
	if (is_signal) {
		return step_signal_fully(registers, span);
	}
	return has_row && row.where[NATIVE_RA] != WHERE_UNKNOWN
		&& step_row(&object, &row, registers, span);
}
