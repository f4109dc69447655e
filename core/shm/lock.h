// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The slot's lock: held for some tens of nanoseconds, and never waited for without bound. Its
 * holder may die, may be abandoned (a longjmp out of a signal handler), or may sit in a signal
 * handler that interrupted it and waits for us (a garbage collector that stops the world). Whoever
 * finds the first out takes the lock over and repairs what was under way; whoever finds that the
 * holder sleeps, or has waited too long, marks the lock as stuck, and until it is released nobody
 * waits for it again.
 */
#ifndef CORE_SHM_LOCK_H
#define CORE_SHM_LOCK_H

#include "core/base/atomic.h"
#include "core/base/attributes.h"

#include <stdbool.h>

#define LOCK_WAITERS 0x80000000u
/** The holder does not come back soon: nobody waits for it any more. Cleared by its release. */
#define LOCK_STUCK 0x40000000u
#define LOCK_HOLDER 0x3fffffffu

enum lock_result {
	LOCK_FAILED = 0,
	LOCK_TAKEN = 1,
	/** Taken over from a holder that is dead: repair first. */
	LOCK_INHERITED = 2,
};

/** Take it if it is free. Pairs with lock_release. */
attr_inline bool lock_try(uint32_t *lock, uint32_t tid)
{
	uint32_t expected = 0;
	return cas_acq_rel(lock, &expected, tid);
}

/** True if nobody is to wait for it now. */
attr_inline bool lock_is_stuck(const uint32_t *lock)
{
	return load_relaxed(lock) & LOCK_STUCK;
}

/** When it is not: spin a little, sleep in bounded steps, look whether the holder lives. */
enum lock_result lock_wait(uint32_t *lock, uint32_t pid, uint32_t tid);

/** Wake one of those who sleep. */
void lock_wake(uint32_t *lock);

/**
 * Pairs with lock_try and lock_wait. No exchange, which would cost a tenth of an operation: who
 * marks the lock between load and store is not woken, but its sleep is short and bounded.
 */
attr_inline void lock_release(uint32_t *lock)
{
	uint32_t before = load_relaxed(lock);
	store_release(lock, 0);
	if (unlikely(before & LOCK_WAITERS)) {
		lock_wake(lock);
	}
}

#endif
