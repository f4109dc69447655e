// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * pthread_create: a new thread is told at which stack it was created, so that what it allocates
 * without a Python stack of its own is the creator's.
 */
#include "core/hook/hook.h"
#include "core/hook/nesting.h"
#include "core/hook/stack.h"

#include <errno.h>

struct thread_start {
	void *(*routine)(void *);
	void *argument;
	uint32_t origin;
};

/** What the new thread is told; NULL if the calling one does not record. */
static struct thread_start *start_take(void *(*routine)(void *), void *argument)
{
	struct thread_start *start = NULL;
	nesting_mark mark = 0;
	if (nesting_begin(&mark, false) != NESTING_RECORD) {
		return NULL;
	}
	struct thread *self = thread_state.self;
	struct stack_frames frames = stack_read(self, NULL);
	if (hook_lock()) {
		uint32_t origin = stack_node(self, frames);
		start = pool_take(&hook.pool, sizeof(*start));
		if (start) {
			*start = (struct thread_start){ routine, argument, origin };
		}
		hook_unlock();
	}
	nesting_end(&mark);
	return start;
}

/** Inside an operation. */
static void start_give(struct thread_start *start)
{
	if (hook_lock()) {
		pool_give(&hook.pool, start, sizeof(*start));
		hook_unlock();
	}
}

static void *thread_begins(void *argument)
{
	nesting_mark mark = 0;
	struct thread_start start = *(struct thread_start *)argument;
	/* A child forked in between has a copy of its own and no lock. */
	if (hook.gate->recording && nesting_begin(&mark, false) == NESTING_RECORD) {
		start_give(argument);
		thread_state.self->origin = start.origin;
		native_thread_begins(thread_state.self, (uintptr_t)&start);
		nesting_end(&mark);
	}
	return start.routine(start.argument);
}

attr_export int pthread_create(void *thread, const void *attributes, void *(*routine)(void *),
			       void *argument)
{
	struct next_functions *next = next_ready();
	if (!next->pthread_create) {
		/* The library with the threads was loaded later than we were. */
		next_find_missing(next);
	}
	if (!next->pthread_create) {
		return EAGAIN;
	}
	struct thread_start *start = start_take(routine, argument);
	if (!start) {
		return next->pthread_create(thread, attributes, routine, argument);
	}
	int error = next->pthread_create(thread, attributes, thread_begins, start);
	if (error) {
		nesting_mark mark = 0;
		if (nesting_begin(&mark, true) == NESTING_RECORD) {
			start_give(start);
			nesting_end(&mark);
		}
	}
	return error;
}
