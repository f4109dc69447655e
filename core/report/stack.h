// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The frames of one stack in a row, for reports that print stacks one by one. */
#ifndef CORE_REPORT_STACK_H
#define CORE_REPORT_STACK_H

#include "core/profile/profile.h"

/** Zeroed: empty. One buffer for stacks one after the other. */
struct report_stack {
	/** Frame numbers, outermost first. */
	uint32_t *frames;
	uint32_t count;
	uint32_t capacity;
};

/** Load the stack of a node. 0, or -1 with errno ENOMEM. */
int report_stack_load(struct report_stack *stack, const struct profile *profile, uint32_t node);

void report_stack_done(struct report_stack *stack);

#endif
