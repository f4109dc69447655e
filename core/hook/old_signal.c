// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What System V has to say what a signal does; in a program of strict C signal(2) is one of these.
 * They matter for SIGTRAP alone.
 */
#include "core/hook/hook.h"

#define TRAP_SET ((uint64_t)1 << (SIGTRAP - 1))
#define SIGNAL_SET_BYTES 8
/* <signal.h> has it for X/Open programs alone. */
#define HOLD ((handler_function *)2)

static bool is_ours(int signal)
{
	return unlikely(signal == SIGTRAP) && hook.faults.has_handler;
}

attr_export handler_function *__sysv_signal(int signal, handler_function *handler)
{
	if (is_ours(signal)) {
		return fault_signal(handler, (int)SA_RESETHAND | SA_NODEFER);
	}
	return next_ready()->__sysv_signal(signal, handler);
}

attr_export __typeof__(__sysv_signal) sysv_signal __attribute__((alias("__sysv_signal")));

attr_export int sigignore(int signal)
{
	if (is_ours(signal)) {
		return fault_signal(SIG_IGN, 0) == SIG_ERR ? -1 : 0;
	}
	return next_ready()->sigignore(signal);
}

/** sigset(3): what is to be done, or that the signal is to be blocked; else it is let through. */
static handler_function *set_trap(handler_function *handler)
{
	const uint64_t set = TRAP_SET;
	uint64_t blocked = 0;
	struct sigaction action;
	handler_function *old;
	if (handler == HOLD) {
		fault_sigaction(NULL, &action);
		old = action.sa_handler;
	} else {
		old = fault_signal(handler, 0);
	}
	if (old != SIG_ERR) {
		sys_call4(SYS_rt_sigprocmask, handler == HOLD ? SIG_BLOCK : SIG_UNBLOCK, &set,
			  &blocked, SIGNAL_SET_BYTES);
	}
	return blocked & TRAP_SET ? HOLD : old;
}

attr_export handler_function *sigset(int signal, handler_function *handler)
{
	return is_ours(signal) ? set_trap(handler) : next_ready()->sigset(signal, handler);
}
