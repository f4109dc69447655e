// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/control.h"

#include "core/hook/hook.h"
#include "core/hook/nesting.h"
#include "core/hook/request.h"
#include "core/hook/scope.h"
#include "core/hook/stack.h"
#include "core/shm/ledger.h"

/** Copy the calling thread's frames, outermost first. Returns how many there are. */
static long control_stack(struct control_stack *stack)
{
	nesting_mark mark = 0;
	if (nesting_begin(&mark, false) != NESTING_RECORD) {
		return -1;
	}
	struct thread *self = thread_state.self;
	struct stack_frames frames = stack_read(self, NULL);
	uint32_t count = 0;
	for (unsigned i = 0; i < frames.depth; i++) {
		if (python_cache_hidden(&self->python, i)) {
			continue;
		}
		if (count < stack->capacity) {
			stack->frames[count].code = python_cache_code(&self->python, i);
			stack->frames[count].offset = python_offset(&hook.python, &self->python, i);
		}
		count++;
	}
	/* Frames that are new have no nodes yet: the next recording makes them (cache.noded). */
	nesting_end(&mark);
	return count;
}

attr_export long fil_control(unsigned operation, void *argument)
{
	switch (operation) {
	case CONTROL_VERSION:
		return CONTROL_INTERFACE;
	case CONTROL_STACK:
		return control_stack(argument);
	case CONTROL_LIVE_BYTES:
		return hook.gate && hook.gate->recording
			? (long)ledger_sum(hook.view.header).live_bytes
			: CONTROL_UNKNOWN;
	case CONTROL_STATE:
		return scope_state();
	case CONTROL_SCOPE_OPEN:
		return scope_open(argument);
	case CONTROL_SCOPE_CLOSE:
		return scope_close();
	case CONTROL_USAGE:
		return scope_usage(argument);
	case CONTROL_RUN_USAGE:
		return scope_run_usage(argument);
	case CONTROL_RESET_PEAK:
		return scope_reset_peak();
	case CONTROL_REPORT:
		return scope_report(argument);
	case CONTROL_AWAIT_REPORT:
		return scope_await_report();
	case CONTROL_ADD_SOURCE:
		return scope_add_source(argument);
	case CONTROL_SUPERVISOR:
		return hook.gate ? (long)request_supervisor() : CONTROL_UNKNOWN;
	default:
		return CONTROL_UNKNOWN;
	}
}
