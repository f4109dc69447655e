// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/others.h"

#include "core/hook/hook.h"
#include "core/hook/stack.h"

/** What pthread_self of a thread is above its thread pointer: the same for all, 0 on x86-64. */
static uintptr_t identity_offset(void)
{
	unsigned long (*identity)(void) = hook.python.symbols.thread_self;
	return identity ? identity() - (uintptr_t)__builtin_thread_pointer() : 0;
}

/** The thread of ours whose Python state says it is that one; NULL if it never allocated. */
static struct thread *find_thread(uintptr_t identity, uintptr_t offset)
{
	struct thread *thread = hook.threads.all;
	while (thread && thread->pointer + offset != identity) {
		thread = thread->next;
	}
	return thread;
}

/** Under the lock: the list of threads stands still, too. */
static void publish(void *state, struct stack_frames frames, uintptr_t offset)
{
	struct thread *thread =
		find_thread(python_thread_identity(&hook.python, state), offset);
	if (thread && thread != thread_state.self && thread->record && frames.depth) {
		stack_publish(thread, stack_node(&hook.reader, frames),
			      hook.view.header->totals.allocations);
	}
}

void others_publish(void)
{
	struct python *python = &hook.python;
	if (!hook.python_is_resident || python->state != PYTHON_ATTACHED
	    || python->layout.free_threaded || python->layout.thread_id == PYTHON_NO_FIELD
	    || !python_may_change(python)) {
		return;
	}
	void *own = python_current_thread(python);
	uintptr_t offset = identity_offset();
	void *state = python_first_thread(own);
	for (int i = 0; state && i < OTHERS_MAX; i++, state = python_next_thread(state)) {
		if (state == own) {
			continue;
		}
		/* Into a cache that no thread uses for itself. */
		python_cache_reset(&hook.reader.python);
		struct stack_frames frames = python_walk(python, state, &hook.reader.python);
		if (hook_lock()) {
			publish(state, frames, offset);
			hook_unlock();
		}
	}
}
