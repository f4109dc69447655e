// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A program that gives up system calls (seccomp) may be killed for one of ours. What the hook calls
 * now and then to compare memory with a ceiling ends before that; the supervisor reads on.
 */
#include "core/hook/hook.h"

/* include/uapi/linux/prctl.h; <sys/prctl.h> has another prototype. */
#define PR_SET_SECCOMP 22
/* include/uapi/linux/seccomp.h: nothing but read, write and exit. A filter lets pass what every
   program calls, and rt_sigprocmask is of that kind. */
#define SECCOMP_MODE_STRICT 1

/* Fixed parameters where callers pass as many as they like: both ABIs put them at the same places,
   and the kernel looks only at those that an operation has. */

/** No system calls of ours any more that only tell us something. */
static void go_blind(void)
{
	fault_stop();
	ceiling_go_blind();
	store_relaxed(&hook.sparse.is_blind, 1);
}

attr_export int prctl(int operation, unsigned long a, unsigned long b, unsigned long c,
		      unsigned long d)
{
	if (operation == PR_SET_SECCOMP) {
		go_blind();
		if (a == SECCOMP_MODE_STRICT) {
			native_stop();
		}
	}
	return next_ready()->prctl(operation, a, b, c, d);
}

attr_export long syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (unlikely(number == SYS_seccomp)) {
		go_blind();
	}
	if (unlikely(hook.faults.has_handler)) {
		fault_before_system_call(number, a);
	}
	return next_ready()->syscall(number, a, b, c, d, e, f);
}
