// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Whether an operation is to be recorded, and what happens when operations nest.
 *
 * Not recorded: in a forked child, and inside an allocator (hook_enter). An operation inside a
 * signal handler that interrupted another one of the same thread is deferred and recorded by the
 * interrupted one. A handler that left by longjmp leaves its operation abandoned: the next
 * operation of the thread finds that out and repairs.
 */
#ifndef CORE_HOOK_NESTING_H
#define CORE_HOOK_NESTING_H

#include "core/base/atomic.h"
#include "core/hook/hook.h"

enum nesting {
	NESTING_NONE,   /* not to be recorded */
	NESTING_RECORD, /* to be recorded now, then nesting_end */
	NESTING_DEFER,  /* to be deferred with nesting_defer */
};

/** The operation that this thread was in when it entered at: abandoned, and now repaired? Cold. */
bool nesting_recover(uintptr_t at) __attribute__((cold));

/** Keep an operation for the one it interrupted. is_free: of the block at address. */
void nesting_defer(void *address, size_t bytes, uint8_t kind, bool is_free) __attribute__((cold));

/** Record what was deferred. */
void nesting_drain(struct thread *self) __attribute__((cold));

attr_inline enum nesting nesting_begin(void)
{
	struct gate *gate = hook.gate;
	if (unlikely(!gate)) {
		return NESTING_NONE;
	}
	if (unlikely(!gate->recording)) {
		hook_notice_child();
		return NESTING_NONE;
	}
	if (thread_state.inside) {
		return NESTING_NONE;
	}
	uintptr_t at = (uintptr_t)__builtin_frame_address(0);
	if (unlikely(thread_state.recording) && !nesting_recover(at)) {
		return NESTING_DEFER;
	}
	thread_state.recording_at = at;
	barrier_compiler();
	thread_state.recording = 1;
	barrier_compiler();
	if (unlikely(!threads_self())) {
		thread_state.recording = 0;
		return NESTING_NONE;
	}
	return NESTING_RECORD;
}

attr_inline void nesting_end(void)
{
	struct thread *self = thread_state.self;
	barrier_compiler();
	thread_state.recording = 0;
	barrier_compiler();
	/* After the flag is down: whatever a handler deferred before that is seen here. */
	if (unlikely(self->pending_count)) {
		nesting_drain(self);
	}
}

#endif
