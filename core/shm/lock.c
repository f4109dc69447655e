// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/lock.h"

#include "core/base/sys.h"

#define SPINS 200
#define SLEEP_NS 5000000
/** With sleeps of 5 ms: give up after about two seconds. Whoever gives up counts what it drops. */
#define SLEEPS 400
/** Looks at a sleeping holder before it is taken for one that waits for something else. */
#define ASLEEP_MAX 3

/** True if the thread that holds the lock no longer exists. */
static bool holder_is_dead(uint32_t holder, uint32_t pid)
{
	return sys_tgkill((int)pid, (int)holder, 0) == -SYS_ESRCH;
}

/** Write a number in decimal; returns behind it. */
static char *put_number(char *to, uint32_t number)
{
	char digits[10];
	int count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count) {
		*to++ = digits[--count];
	}
	return to;
}

/**
 * True if the holder sleeps or is stopped: in the lock nobody does that, so it is in a signal
 * handler, or under a debugger. The third field of its stat(5); the second ends in the last ')'.
 */
static bool holder_is_asleep(uint32_t holder)
{
	char path[48] = "/proc/self/task/";
	char stat[256];
	char *end = put_number(path + 16, holder);
	__builtin_memcpy(end, "/stat", 6);
	long fd = sys_open(path, SYS_O_RDONLY | SYS_O_CLOEXEC);
	if (sys_failed(fd)) {
		return false;
	}
	long len = sys_read((int)fd, stat, sizeof(stat));
	sys_close((int)fd);
	while (len > 2 && stat[len - 1] != ')') {
		len--;
	}
	char state = len > 2 && len + 1 < (long)sizeof(stat) ? stat[len + 1] : 0;
	return state == 'S' || state == 'T' || state == 't';
}

enum lock_result lock_wait(uint32_t *lock, uint32_t pid, uint32_t tid)
{
	int asleep = 0;
	if ((load_relaxed(lock) & LOCK_HOLDER) == tid) {
		/* A handler in the middle of our own critical section: it would wait for itself. */
		return LOCK_FAILED;
	}
	for (int i = 0; i < SPINS && !lock_is_stuck(lock); i++) {
		if (load_relaxed(lock) == 0 && lock_try(lock, tid)) {
			return LOCK_TAKEN;
		}
		cpu_relax();
	}
	for (int i = 0;; i++) {
		/* Taken with the mark of waiters: others may sleep, and are then woken in turn. */
		uint32_t seen = 0;
		if (cas_acq_rel(lock, &seen, tid | LOCK_WAITERS)) {
			return LOCK_TAKEN;
		}
		if (holder_is_dead(seen & LOCK_HOLDER, pid)) {
			if (cas_acq_rel(lock, &seen, tid | LOCK_WAITERS)) {
				return LOCK_INHERITED;
			}
			continue;
		}
		if (seen & LOCK_STUCK) {
			return LOCK_FAILED;
		}
		/* Whoever has let go meanwhile may sleep as long as it likes. */
		asleep += i > 0 && holder_is_asleep(seen & LOCK_HOLDER)
			&& (load_relaxed(lock) & LOCK_HOLDER) == (seen & LOCK_HOLDER);
		if (i == SLEEPS || asleep == ASLEEP_MAX) {
			cas_acq_rel(lock, &seen, seen | LOCK_STUCK);
			return LOCK_FAILED;
		}
		uint32_t marked = seen | LOCK_WAITERS;
		if (seen != marked && !cas_acq_rel(lock, &seen, marked)) {
			continue;
		}
		struct sys_timespec wait = { 0, SLEEP_NS };
		sys_futex_wait(lock, marked, &wait);
	}
}

void lock_wake(uint32_t *lock)
{
	sys_futex_wake(lock, 1);
}
