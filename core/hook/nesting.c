// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/nesting.h"

#include "core/base/sys.h"
#include "core/hook/books.h"
#include "core/hook/record.h"
#include "core/shm/lock.h"

#include <signal.h>

void hook_missed(enum missed what)
{
	add_relaxed(&hook.view.slot->missed[what], 1);
}

void hook_notice_child(void)
{
	if (!hook.gate->child_noticed) {
		hook.gate->child_noticed = 1;
		add_relaxed(&hook.view.header->children, 1);
	}
}

/** What was under way under the lock when its holder went: undone. Under the lock. */
static attr_cold void repair(void)
{
	books_repair();
	/* Half a change of the tables that are this process's own is put right by making them anew.
	   */
	ranges_rebuild(&hook.mappings, &hook.view, 0);
	ranges_rebuild(&hook.large_blocks, &hook.view, RANGE_BLOCK);
	codes_clear(&hook.codes);
}

bool hook_lock_slowly(uint32_t tid)
{
	switch (lock_wait(&hook.view.slot->lock, hook.pid, tid)) {
	case LOCK_TAKEN:
		if (thread_state.self) {
			ledgers_note_wait(thread_state.self);
		}
		return true;
	case LOCK_INHERITED:
		repair();
		return true;
	case LOCK_FAILED:
		break;
	}
	return false;
}

/**
 * The least that the kernel puts on a stack between what a signal interrupts and its handler: the
 * saved registers and the floating-point state (struct rt_sigframe, 936 + 512 bytes on x86-64 and
 * more on aarch64).
 */
#define SIGNAL_FRAME_MIN 1024

/** True if another task runs with our thread-local storage (clone without CLONE_SETTLS). */
static bool is_another_task(void)
{
	return thread_state.self && (uint32_t)sys_gettid() != thread_state.self->tid;
}

bool nesting_is_recorded(void)
{
	if (likely(hook.gate->recording == RECORDING_OFF)) {
		return false;
	}
	if (likely(hook.gate->recording == RECORDING_SCOPE)) {
		return true;
	}
	if (!hook.gate->recording) {
		hook_notice_child();
		return false;
	}
	if (is_another_task()) {
		hook_missed(MISSED_NESTED);
		return false;
	}
	return true;
}

bool nesting_was_left(const nesting_mark *earlier, const nesting_mark *mark)
{
	uintptr_t now = (uintptr_t)mark;
	uintptr_t then = (uintptr_t)earlier;
	stack_t current;
	if (is_another_task()
	    || (!sys_failed(sys_call2(SYS_sigaltstack, NULL, &current))
		&& (current.ss_flags & SS_ONSTACK))) {
		return false;
	}
	if (*earlier != (NESTING_MARK ^ then)) {
		return true;
	}
	return now + SIGNAL_FRAME_MIN > then && !load_relaxed(&hook.disarms_stacks);
}

static void abandon(void)
{
	/* It may have been left while it was to become known. */
	uint32_t tid = thread_state.self ? thread_state.self->tid : (uint32_t)sys_gettid();
	if (thread_state.self) {
		/* A walk may have been left in the middle. */
		python_cache_reset(&thread_state.self->python);
	}
	ledgers_abandon(tid);
	if ((load_relaxed(&hook.view.slot->lock) & LOCK_HOLDER) == tid) {
		repair();
		hook_unlock();
	}
}

bool nesting_recover(const nesting_mark *mark)
{
	if (!nesting_was_left(thread_state.recording_at, mark)) {
		return false;
	}
	abandon();
	return true;
}

void nesting_defer(struct pending operation, enum missed reason)
{
	struct thread *self = thread_state.self;
	if (!self || self->pending_tail - self->pending_head == PENDING_MAX || is_another_task()) {
		hook_missed(reason);
		return;
	}
	self->pending[self->pending_tail % PENDING_MAX] = operation;
	barrier_compiler();
	self->pending_tail++;
}

attr_cold bool nesting_must_wait(const struct thread *self)
{
	uint32_t lock = load_relaxed(&hook.view.slot->lock);
	return lock & LOCK_STUCK || (lock & LOCK_HOLDER) == self->tid || ledgers_are_stuck();
}

void nesting_drain(struct thread *self)
{
	while (nesting_has_deferred(self)) {
		struct pending next = self->pending[self->pending_head % PENDING_MAX];
		self->pending_head++;
		record_deferred(self, next);
	}
}
