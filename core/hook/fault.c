// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/fault.h"

#include "core/base/faults.h"
#include "core/base/sys.h"
#include "core/hook/hook.h"
#include "core/hook/request.h"

#include <string.h>

/* include/uapi/asm-generic/siginfo.h; libcs before 2022 lack it. */
#define TRAP_OF_PERF 6
#define SIGNAL_SET_BYTES 8
/** What our handler takes of a stack below the kernel's frame, with a margin. */
#define HANDLER_BYTES 2048u
#define TRAP_SET ((uint64_t)1 << (SIGTRAP - 1))

/** The kernel's siginfo of a counter: its sig_data, its type, and whether it waited. */
struct perf_info {
	int signal;
	int error;
	int code;
	int padding;
	uint64_t address;
	uint64_t data;
	uint32_t type;
	uint32_t flags;
};
_Static_assert(sizeof(struct perf_info) <= sizeof(siginfo_t), "a part of it");

static bool is_ours(const siginfo_t *info)
{
	const struct perf_info *perf = (const struct perf_info *)info;
	return perf->code == TRAP_OF_PERF && perf->data == FAULTS_MAGIC;
}

static long queue_to_self(const siginfo_t *info)
{
	return sys_call4(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), SIGTRAP, info);
}

/* ---- the workload's own SIGTRAP ---- */

/** As if we were not there: once the handler has returned. */
static attr_cold void die(const siginfo_t *info)
{
	struct sigaction action;
	memset(&action, 0, sizeof(action));
	hook.next.sigaction(SIGTRAP, &action, NULL);
	queue_to_self(info);
}

static attr_cold void pass_on(int signal, siginfo_t *info, void *context)
{
	struct sigaction action = hook.faults.action;
	if (action.sa_flags & (int)SA_RESETHAND) {
		hook.faults.action.sa_handler = SIG_DFL;
	}
	if (action.sa_handler == SIG_DFL) {
		die(info);
	} else if (action.sa_handler == SIG_IGN) {
		/* It came before it was ignored. */
		return;
	} else if (action.sa_flags & SA_SIGINFO) {
		action.sa_sigaction(signal, info, context);
	} else {
		action.sa_handler(signal);
	}
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	if (is_ours(info)) {
		ceiling_look_at_fault();
	} else {
		pass_on(signal, info, context);
	}
}

/** Our handler, as the workload's disposition wants it to be run. */
static struct sigaction in_front_of(const struct sigaction *action)
{
	struct sigaction ours = *action;
	if (action->sa_handler == SIG_DFL) {
		/* Nobody else is there to be run: nothing interrupts ours. */
		memset(&ours.sa_mask, 0xff, sizeof(ours.sa_mask));
		ours.sa_flags = SA_ONSTACK | SA_RESTART;
	}
	ours.sa_sigaction = on_trap;
	ours.sa_flags = (ours.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
	return ours;
}

/** Forked children have no counter; those of vfork write into our memory. */
static bool is_child(void)
{
	return !hook.gate || !hook.gate->recording || (uint32_t)sys_getpid() != hook.pid;
}

static int set_action(const struct sigaction *action, struct sigaction *old)
{
	/* Ignored, the kernel drops ours, too, and the next image is to inherit that. */
	if (!action || action->sa_handler == SIG_IGN || is_child()) {
		return hook.next.sigaction(SIGTRAP, action, old);
	}
	struct sigaction ours = in_front_of(action);
	return hook.next.sigaction(SIGTRAP, &ours, old);
}

int fault_sigaction(const struct sigaction *action, struct sigaction *old)
{
	struct sigaction wanted;
	struct sigaction before = hook.faults.action;
	struct sigaction seen;
	if (action) {
		/* Before it can be called, and before *old, which may be the same, is written. */
		wanted = *action;
		if (!is_child()) {
			hook.faults.action = wanted;
		}
	}
	int result = set_action(action ? &wanted : NULL, &seen);
	if (result != 0) {
		hook.faults.action = before;
	} else if (old) {
		*old = seen.sa_sigaction == on_trap ? before : seen;
	}
	return result;
}

handler_function *fault_signal(handler_function *handler, int flags)
{
	struct sigaction action;
	struct sigaction old;
	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	return fault_sigaction(&action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

/* ---- pending ones ---- */

void fault_drain_own(void)
{
	const uint64_t set = TRAP_SET;
	const struct sys_timespec at_once = { 0, 0 };
	siginfo_t info;
	if (sys_call4(SYS_rt_sigtimedwait, &set, &info, &at_once, SIGNAL_SET_BYTES) == SIGTRAP
	    && !is_ours(&info)) {
		queue_to_self(&info);
	}
}

static bool is_blocked(void)
{
	uint64_t blocked = 0;
	sys_call4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, SIGNAL_SET_BYTES);
	return blocked & TRAP_SET;
}

/* ---- start and end ---- */

struct fault_pages fault_pages(void)
{
	const struct segment_ceiling *set = &hook.view.header->ceiling;
	return (struct fault_pages){
		.plain_bytes = set->page_bytes,
		.advised_bytes = set->advised_page_bytes,
		.untouched_bytes = load_relaxed(&hook.view.slot->advised_untouched_bytes),
	};
}

void fault_look_at_pages(void)
{
	if (load_relaxed(&hook.advised.is_used)) {
		store_relaxed(&hook.view.slot->advised_untouched_bytes, advised_untouched());
	}
}

/** Put our handler where nothing but the default is. */
static bool take_signal(void)
{
	struct sigaction action;
	if (!hook.next.sigaction || is_blocked()
	    || hook.next.sigaction(SIGTRAP, NULL, &action) != 0 || action.sa_handler != SIG_DFL) {
		return false;
	}
	memset(&hook.faults.action, 0, sizeof(hook.faults.action));
	action = in_front_of(&hook.faults.action);
	return hook.next.sigaction(SIGTRAP, &action, NULL) == 0;
}

void fault_start(void)
{
	const struct segment_ceiling *set = &hook.view.header->ceiling;
	struct faults *faults = &hook.faults;
	if (!set->page_bytes) {
		return;
	}
	/* An image before this one blocked it: what was pending is pending still. */
	fault_drain_own();
	if (!take_signal()) {
		return;
	}
	faults->has_handler = 1;
	faults->is_counting = 1;
	bool is_answered = request_faults(ceiling_step_now(), true);
	if (is_answered && load_relaxed(&set->fault_step) == CEILING_STEPS) {
		/* The kernel refuses: all is as it was. */
		hook.next.sigaction(SIGTRAP, &faults->action, NULL);
		faults->has_handler = 0;
		faults->is_counting = 0;
	}
}

void fault_stop(void)
{
	struct faults *faults = &hook.faults;
	if (!load_relaxed(&faults->is_counting) || is_child()) {
		return;
	}
	if (request_faults(CEILING_STEPS, true)) {
		store_relaxed(&faults->is_counting, 0);
	}
	fault_drain_own();
}

/** Leave SIGTRAP to the workload altogether. */
static void give_up(void)
{
	struct faults *faults = &hook.faults;
	struct sigaction ignored;
	fault_stop();
	if (is_child() || load_relaxed(&faults->is_counting)) {
		return;
	}
	/* Once ignored, none is pending in another thread, either. */
	memset(&ignored, 0, sizeof(ignored));
	ignored.sa_handler = SIG_IGN;
	hook.next.sigaction(SIGTRAP, &ignored, NULL);
	hook.next.sigaction(SIGTRAP, &faults->action, NULL);
	faults->has_handler = 0;
}

void fault_before_system_call(long number, long first)
{
	switch (number) {
	case SYS_rt_sigaction:
		if (first == SIGTRAP) {
			give_up();
		}
		break;
	case SYS_signalfd4:
		fault_stop();
		break;
	case SYS_rt_sigpending:
	case SYS_rt_sigtimedwait:
	case SYS_rt_sigsuspend:
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		fault_drain();
	}
}

void fault_before_alternate_stack(const stack_t *stack)
{
	uint32_t frame_bytes = hook.view.header->ceiling.signal_frame_bytes;
	if (!(stack->ss_flags & SS_DISABLE) && stack->ss_size < frame_bytes + HANDLER_BYTES) {
		fault_stop();
	}
}

void fault_expect_huge_pages(void *address, size_t bytes)
{
	const struct segment_ceiling *set = &hook.view.header->ceiling;
	if (is_child() || set->advised_page_bytes == set->page_bytes) {
		return;
	}
	advised_add((uintptr_t)address, bytes);
	fault_look_at_pages();
	uint32_t step = ceiling_step_now();
	uint32_t current = load_relaxed(&set->fault_step);
	if (current < CEILING_STEPS && step < current) {
		request_faults(step, true);
	}
}
