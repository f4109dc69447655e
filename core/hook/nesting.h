// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Whether an operation is to be recorded, and what happens when operations nest.
 *
 * Not recorded: in a forked child, outside of a scope where there are some, and inside an allocator
 * (hook_enter). An operation inside a
 * signal handler that interrupted another one of the same thread is deferred and recorded by the
 * interrupted one; so is one that could not get the lock, by the next that can. A handler that left
 * by longjmp leaves its operation abandoned: the next
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

/**
 * An operation's mark: a variable on the stack of the function that records. While the operation is
 * under way, thread_state.recording_at points to it and it has a value of its own.
 */
typedef volatile uintptr_t nesting_mark;
#define NESTING_MARK ((uintptr_t)0x6e657374696e6721u)

/**
 * This thread has set an earlier mark, and has not taken it away: was what it stands for left by a
 * longjmp? mark is of the function that asks. If in doubt, as on an alternate stack: no.
 */
bool nesting_was_left(const nesting_mark *earlier, const nesting_mark *mark);

/**
 * A thread that is inside an operation begins another, with its mark at *mark. True if the first
 * was abandoned; it is repaired then. A handler of the same stack runs below what it interrupted,
 * and leaves its mark alone; on an alternate stack the addresses say nothing, but the kernel knows.
 */
bool nesting_recover(const nesting_mark *mark);

/** Keep an operation for later: for the one it interrupted, or for when the lock is to be had. */
void nesting_defer(struct pending operation, enum missed reason);

/** Where not everything is recorded: whether this task is. */
bool nesting_is_recorded(void);

/** Record what was deferred, in its order. Inside an operation of this thread. */
void nesting_drain(struct thread *self);

/**
 * True if the locks are not to be had before somebody goes on: who is stuck with one, or what this
 * thread, in a signal handler, has interrupted under the slot's.
 */
bool nesting_must_wait(const struct thread *self);

/** True if something was deferred that can be recorded now. */
attr_inline bool nesting_has_deferred(const struct thread *self)
{
	return unlikely(self->pending_head != self->pending_tail) && !nesting_must_wait(self);
}

/**
 * Begin an operation. Inside an allocator (hook_enter) only what is_removal is recorded: a block on
 * the books that is freed is gone, wherever the call comes from, and the allocator's own were never
 * put on them.
 */
attr_inline enum nesting nesting_begin(nesting_mark *mark, bool is_removal)
{
	struct gate *gate = hook.gate;
	if (unlikely(!gate)) {
		return NESTING_NONE;
	}
	if (unlikely(gate->recording != RECORDING) && !nesting_is_recorded()) {
		return NESTING_NONE;
	}
	if (thread_state.inside && !is_removal) {
		return NESTING_NONE;
	}
	if (unlikely(thread_state.recording) && !nesting_recover(mark)) {
		return NESTING_DEFER;
	}
	*mark = NESTING_MARK ^ (uintptr_t)mark;
	thread_state.recording_at = mark;
	barrier_compiler();
	thread_state.recording = 1;
	barrier_compiler();
	if (unlikely(!thread_state.self) && !threads_self()) {
		thread_state.recording = 0;
		return NESTING_NONE;
	}
	if (nesting_has_deferred(thread_state.self)) {
		nesting_drain(thread_state.self);
	}
	return NESTING_RECORD;
}

attr_inline void nesting_end(nesting_mark *mark)
{
	struct thread *self = thread_state.self;
	barrier_compiler();
	/* What a handler deferred; and once more for what came until the flag was down. */
	while (nesting_has_deferred(self)) {
		nesting_drain(self);
	}
	thread_state.recording = 0;
	*mark = 0;
	barrier_compiler();
}

#endif
