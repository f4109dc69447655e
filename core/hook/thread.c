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

/** The node that the calling thread is at; 0 if it does not record. */
static uint32_t current_node(void)
{
	nesting_mark mark = 0;
	uint32_t node = 0;
	if (nesting_begin(&mark) == NESTING_RECORD) {
		struct thread *self = thread_state.self;
		struct stack_frames frames = stack_read(self);
		if (hook_lock()) {
			node = stack_node(self, frames);
			hook_unlock();
		}
		nesting_end(&mark);
	}
	return node;
}

static struct thread_start *start_take(void)
{
	struct thread_start *start = NULL;
	if (hook_lock()) {
		start = pool_take(&hook.pool, sizeof(*start));
		hook_unlock();
	}
	return start;
}

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
	if (hook.gate->recording && nesting_begin(&mark) == NESTING_RECORD) {
		start_give(argument);
		thread_state.self->origin = start.origin;
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
	uint32_t origin = hook.gate ? current_node() : 0;
	struct thread_start *start = origin ? start_take() : NULL;
	if (!start) {
		return next->pthread_create(thread, attributes, routine, argument);
	}
	*start = (struct thread_start){ routine, argument, origin };
	int error = next->pthread_create(thread, attributes, thread_begins, start);
	if (error) {
		start_give(start);
	}
	return error;
}
