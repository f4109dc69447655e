// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * How a program takes, sees or lets through signals that it blocks. While faults are counted, a
 * SIGTRAP of ours may be pending in a thread that blocks all signals; none of these may tell.
 */
#include "core/hook/hook.h"

attr_export int sigpending(sigset_t *set)
{
	fault_drain();
	return next_ready()->sigpending(set);
}

attr_export int sigwait(const sigset_t *set, int *ret_signal)
{
	fault_drain();
	return next_ready()->sigwait(set, ret_signal);
}

attr_export int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	fault_drain();
	return next_ready()->sigwaitinfo(set, info);
}

attr_export int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *wait)
{
	fault_drain();
	return next_ready()->sigtimedwait(set, info, wait);
}

attr_export int sigsuspend(const sigset_t *mask)
{
	fault_drain();
	return next_ready()->sigsuspend(mask);
}

attr_export int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
			const struct timespec *wait, const sigset_t *mask)
{
	fault_drain();
	return next_ready()->pselect(count, readable, writable, exceptional, wait, mask);
}

attr_export int ppoll(struct pollfd *polled, nfds_t count, const struct timespec *wait,
		      const sigset_t *mask)
{
	fault_drain();
	return next_ready()->ppoll(polled, count, wait, mask);
}

attr_export int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms,
			    const sigset_t *mask)
{
	fault_drain();
	return next_ready()->epoll_pwait(fd, events, max, timeout_ms, mask);
}

/** ppoll of a program that was compiled with _FORTIFY_SOURCE. */
attr_export int __ppoll_chk(struct pollfd *polled, nfds_t count, const struct timespec *wait,
			    const sigset_t *mask, size_t polled_bytes)
{
	fault_drain();
	return next_ready()->__ppoll_chk(polled, count, wait, mask, polled_bytes);
}

attr_export int epoll_pwait2(int fd, struct epoll_event *events, int max,
			     const struct timespec *wait, const sigset_t *mask)
{
	fault_drain();
	return next_ready()->epoll_pwait2(fd, events, max, wait, mask);
}

/** The first word of a set holds signals 1 to 64 in every libc. */
static bool sigset_has(const sigset_t *set, int signal)
{
	return *(const unsigned long *)set & 1ul << (signal - 1);
}

/** What a read of it would find cannot be drained: there is a counter or a signalfd. */
attr_export int signalfd(int fd, const sigset_t *mask, int flags)
{
	if (unlikely(load_relaxed(&hook.faults.is_counting)) && sigset_has(mask, SIGTRAP)) {
		fault_stop();
	}
	return next_ready()->signalfd(fd, mask, flags);
}
