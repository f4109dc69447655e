// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * SIGUSR2 on the workload asks for a report of the peak so far, while the workload has no handler
 * of its own for it. Whoever looks sees the default; whoever sets one has replaced ours. SIGTRAP:
 * fault.h.
 */
#include "core/hook/signal.h"

#include "core/base/sys.h"
#include "core/hook/hook.h"
#include "core/hook/request.h"

#include <string.h>

static void on_sigusr2(int signal)
{
	if (hook.gate->recording) {
		request_snapshot();
		return;
	}
	/* A forked child: here the signal does what it does by default. */
	struct sigaction action;
	memset(&action, 0, sizeof(action));
	hook.next.sigaction(signal, &action, NULL);
	sys_tgkill(sys_getpid(), sys_gettid(), signal);
}

void signal_start(void)
{
	struct sigaction action;
	if (!hook.next.sigaction || hook.next.sigaction(SIGUSR2, NULL, &action) != 0) {
		return;
	}
	if (action.sa_handler != SIG_DFL) {
		hook.view.slot->image_flags |= IMAGE_OWN_SIGUSR2;
		return;
	}
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_sigusr2;
	action.sa_flags = SA_RESTART;
	hook.next.sigaction(SIGUSR2, &action, NULL);
}

attr_export int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
	if (unlikely(signal == SIGTRAP) && hook.faults.has_handler) {
		return fault_sigaction(action, old);
	}
	int result = next_ready()->sigaction(signal, action, old);
	if (result == 0 && old && old->sa_handler == on_sigusr2) {
		memset(old, 0, sizeof(*old));
	}
	return result;
}

attr_export handler_function *signal(int signal, handler_function *handler)
{
	if (unlikely(signal == SIGTRAP) && hook.faults.has_handler) {
		return fault_signal(handler, SA_RESTART);
	}
	handler_function *old = next_ready()->signal(signal, handler);
	return old == on_sigusr2 ? SIG_DFL : old;
}

/* Further names of the same. Not through them: a program may have one of these itself. */
attr_export __typeof__(sigaction) __sigaction __attribute__((alias("sigaction")));
attr_export __typeof__(signal) bsd_signal __attribute__((alias("signal")));
attr_export __typeof__(signal) ssignal __attribute__((alias("signal")));

/* SS_AUTODISARM, include/uapi/linux/signal.h. */
#define AUTODISARM (1u << 31)

/** Whoever disarms alternate stacks takes from us the means to tell that we are on one. */
attr_export int sigaltstack(const stack_t *stack, stack_t *old)
{
	if (stack && ((unsigned)stack->ss_flags & AUTODISARM)) {
		store_relaxed(&hook.disarms_stacks, 1);
	}
	if (stack && unlikely(load_relaxed(&hook.faults.is_counting))) {
		fault_before_alternate_stack(stack);
	}
	return next_ready()->sigaltstack(stack, old);
}
