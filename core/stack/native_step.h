// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* From a frame to its caller: by its rule, or, where a rule cannot say it, by all registers. */
#ifndef CORE_STACK_NATIVE_STEP_H
#define CORE_STACK_NATIVE_STEP_H

#include "core/stack/native.h"
#include "core/stack/native_machine.h"

/** A frame that has been come to. */
struct native_state {
	uintptr_t sp;
	uintptr_t pc;
	uintptr_t fp;
	bool is_exact;
};

/** The rule, with its class, of what a frame executes. */
native_rule native_rule_of(struct native *native, struct native_cache *cache,
			   const struct native_state *state);

enum native_step {
	STEP_DONE,   /* *state is the caller */
	STEP_LAST,   /* there is none */
	STEP_GENERAL /* the rule cannot tell */
};

/** Go to the caller of *state by its rule, and note in frame how it was found. */
enum native_step native_step_by_rule(struct native_span *span, native_rule rule,
				     struct native_state *state, struct native_frame *frame);

/**
 * Go to the caller by the tables, with all registers. False if there is none.
 *
 * @param is_exact  In: of this frame. Out: of its caller.
 */
bool native_step_fully(struct native *native, struct native_cache *cache, struct native_span *span,
		       struct native_registers *registers, bool *is_exact);

#endif
