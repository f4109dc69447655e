// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/threads.h"

#include "core/base/sys.h"
#include "core/hook/hook.h"

__thread struct thread_local_state thread_state;

#define SWEEP_MIN 64u

/** Put the structs of threads that no longer exist on the free list. */
static void threads_sweep(struct threads *threads)
{
	struct thread **link = &threads->all;
	while (*link) {
		struct thread *thread = *link;
		if (sys_tgkill((int)hook.pid, (int)thread->tid, 0) == -SYS_ESRCH) {
			if (thread->record) {
				view_thread(&hook.view, thread->record)->tid = 0;
			}
			*link = thread->next;
			thread->next = threads->free;
			threads->free = thread;
			threads->known--;
		} else {
			link = &thread->next;
		}
	}
	threads->since_sweep = 0;
}

static struct thread *thread_take(struct threads *threads)
{
	if (threads->since_sweep >= SWEEP_MIN && threads->since_sweep >= threads->known / 2) {
		threads_sweep(threads);
	}
	struct thread *thread = threads->free;
	if (thread) {
		threads->free = thread->next;
		thread->origin = 0;
		thread->reserved = 0;
		thread->grant_number = 0;
		thread->origin_node = 0;
		thread->pending_head = thread->pending_tail;
		python_cache_reset(&thread->python);
	} else {
		thread = pool_take(&hook.pool, sizeof(*thread));
		if (!thread) {
			return NULL;
		}
		thread->record = view_add_own(&hook.view, ARENA_THREAD, 1);
		thread->python.mark_every = PYTHON_MARK_EVERY;
	}
	thread->next = threads->all;
	threads->all = thread;
	threads->known++;
	threads->since_sweep++;
	return thread;
}

struct thread *threads_self(void)
{
	if (likely(thread_state.self)) {
		return thread_state.self;
	}
	if (!hook_lock()) {
		hook_missed(MISSED_LOCK);
		return NULL;
	}
	struct thread *thread = thread_take(&hook.threads);
	if (thread) {
		thread->tid = (uint32_t)sys_gettid();
		thread->pointer = (uintptr_t)__builtin_thread_pointer();
		thread->code_generation = hook.codes.generation;
		native_thread_begins(thread, 0);
		if (thread->record) {
			struct thread_record *record = view_thread(&hook.view, thread->record);
			record->node = 0;
			record->tid = thread->tid;
		}
		thread_state.self = thread;
	}
	hook_unlock();
	return thread;
}
