// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/stack.h"

#include <stdlib.h>

static uint32_t stack_depth(const struct profile *profile, uint32_t node)
{
	uint32_t depth = 0;
	for (; node; node = profile->nodes[node].parent) {
		depth++;
	}
	return depth;
}

int report_stack_load(struct report_stack *stack, const struct profile *profile, uint32_t node)
{
	uint32_t depth = stack_depth(profile, node);
	if (depth > stack->capacity) {
		uint32_t *frames = realloc(stack->frames, (size_t)depth * 2 * sizeof(*frames));
		if (!frames) {
			return -1;
		}
		stack->frames = frames;
		stack->capacity = depth * 2;
	}
	stack->count = depth;
	for (; node; node = profile->nodes[node].parent) {
		stack->frames[--depth] = profile->nodes[node].frame;
	}
	return 0;
}

void report_stack_done(struct report_stack *stack)
{
	free(stack->frames);
	*stack = (struct report_stack){ 0 };
}
