// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/lock.h"

#include "core/base/sys.h"

#define SPINS 200
#define SLEEP_NS 20000000
/** With sleeps of 20 ms: give up after about two seconds. Whoever gives up counts what it drops. */
#define SLEEPS 100

/** True if the thread that holds the lock no longer exists. */
static bool holder_is_dead(uint32_t holder, uint32_t pid)
{
	return sys_tgkill((int)pid, (int)(holder & ~LOCK_WAITERS), 0) == -SYS_ESRCH;
}

enum lock_result lock_wait(uint32_t *lock, uint32_t pid, uint32_t tid)
{
	for (int i = 0; i < SPINS; i++) {
		if (load_relaxed(lock) == 0 && lock_try(lock, tid)) {
			return LOCK_TAKEN;
		}
		cpu_relax();
	}
	for (int i = 0; i < SLEEPS; i++) {
		/* Taken with the mark of waiters: others may sleep, and are then woken in turn. */
		uint32_t seen = 0;
		if (cas_acq_rel(lock, &seen, tid | LOCK_WAITERS)) {
			return LOCK_TAKEN;
		}
		if (holder_is_dead(seen, pid)) {
			if (cas_acq_rel(lock, &seen, tid | LOCK_WAITERS)) {
				return LOCK_INHERITED;
			}
			continue;
		}
		uint32_t marked = seen | LOCK_WAITERS;
		if (seen != marked && !cas_acq_rel(lock, &seen, marked)) {
			continue;
		}
		struct sys_timespec wait = { 0, SLEEP_NS };
		sys_futex_wait(lock, marked, &wait);
	}
	return LOCK_FAILED;
}

void lock_wake(uint32_t *lock)
{
	sys_futex_wake(lock, 1);
}
