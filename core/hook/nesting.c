// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/nesting.h"

#include "core/base/sys.h"
#include "core/hook/record.h"
#include "core/shm/account.h"
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

static void repair(void)
{
	struct slot *slot = hook.view.slot;
	uint32_t number = slot->intent.entry;
	if (slot->intent.op != INTENT_NONE && number
	    && number < hook.view.header->arena[ARENA_ENTRY].used) {
		account_repair(&slot->intent, view_entry(&hook.view, number),
			       &hook.view.header->totals);
	}
	account_done(&slot->intent);
}

bool hook_lock(void)
{
	uint32_t tid = thread_state.self ? thread_state.self->tid : (uint32_t)sys_gettid();
	switch (lock_take(&hook.view.slot->lock, hook.pid, tid)) {
	case LOCK_TAKEN:
		return true;
	case LOCK_INHERITED:
		repair();
		return true;
	case LOCK_FAILED:
		break;
	}
	hook_missed(MISSED_LOCK);
	return false;
}

void hook_unlock(void)
{
	lock_release(&hook.view.slot->lock);
}

void hook_enter(void)
{
	thread_state.inside++;
}

void hook_leave(void)
{
	thread_state.inside--;
}

bool hook_inside(void)
{
	return thread_state.inside != 0;
}

/** Whether the operation that this thread is in the middle of was left by a longjmp. */
static bool is_abandoned(uintptr_t now_at)
{
	/* A handler on the same stack runs below what it interrupted. On an alternate stack the
	   addresses say nothing; the kernel knows. */
	stack_t current;
	if (now_at <= thread_state.recording_at) {
		return false;
	}
	return !sys_failed(sys_call2(SYS_sigaltstack, NULL, &current))
		&& !(current.ss_flags & SS_ONSTACK);
}

static void abandon(void)
{
	if (thread_state.self
	    && (load_relaxed(&hook.view.slot->lock) & ~LOCK_WAITERS) == thread_state.self->tid) {
		repair();
		hook_unlock();
	}
}

bool nesting_recover(uintptr_t at)
{
	if (!is_abandoned(at)) {
		return false;
	}
	abandon();
	return true;
}

void nesting_defer(void *address, size_t bytes, uint8_t kind, bool is_free)
{
	struct thread *self = thread_state.self;
	if (!self || self->pending_count == PENDING_MAX) {
		hook_missed(MISSED_NESTED);
		return;
	}
	self->pending[self->pending_count] = (struct pending){ address, bytes, kind, is_free };
	barrier_compiler();
	self->pending_count++;
}

void nesting_drain(struct thread *self)
{
	while (self->pending_count) {
		struct pending next = self->pending[--self->pending_count];
		if (next.is_free) {
			record_free(next.address);
		} else {
			record_allocation(next.address, next.bytes, next.kind);
		}
	}
}
