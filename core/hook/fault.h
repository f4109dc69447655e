// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The counter of page faults, inside: the supervisor has the kernel stop a thread with a SIGTRAP at
 * every so-many-th page that it touches (core/supervise/fault_counter.h), and the handler here
 * compares what is charged with the ceiling.
 *
 * SIGTRAP stays the workload's. Whoever looks sees the disposition that it has set; what it has set
 * is called for every other SIGTRAP. A thread that blocks SIGTRAP has one of ours pending at most,
 * which is taken away before anything could show or take it. Where that cannot be done (a signalfd,
 * a filter of system calls, an image that is not followed, a small alternate stack) the counter is
 * ended. What is left is a
 * SIGTRAP that somebody sends to such a thread, and not to the process, while ours is pending: the
 * kernel keeps one of a kind.
 */
#ifndef CORE_HOOK_FAULT_H
#define CORE_HOOK_FAULT_H

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/hook/next.h"
#include "oomsim/ceiling.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct faults {
	/** Our handler is there and stays, in front of the workload's disposition. */
	uint32_t has_handler;
	/** The counter may send signals. */
	uint32_t is_counting;
	/** Faults since the last reading, as far as they have stopped a thread. */
	uint64_t counted;
	/** The step at which that was. */
	uint32_t step_then;
	/** What SIGTRAP does to the workload. */
	struct sigaction action;
};

/** Ask for the counter. From the constructor, once the ceiling is known. */
void fault_start(void);

/** From now on no SIGTRAP of ours comes, and none is pending in this thread. May wait. */
void fault_stop(void);

/** The rest of fault_drain. */
void fault_drain_own(void);

/** Take away a SIGTRAP of ours that is pending in this thread. */
#define fault_drain() \
	do { \
		if (unlikely(load_relaxed(&hook.faults.is_counting))) { \
			fault_drain_own(); \
		} \
	} while (0)

/** Huge pages were advised for memory, or it was emptied. May wait. */
void fault_expect_huge_pages(void *address, size_t bytes);

/** What a fault may bring now, as last seen. */
struct fault_pages fault_pages(void);

/** See anew how much advised memory is not filled. */
void fault_look_at_pages(void);

/** Stand in for sigaction(SIGTRAP). Only if has_handler. */
int fault_sigaction(const struct sigaction *action, struct sigaction *old);

/** The same for signal(2) in its variants; returns what was there before, or SIG_ERR. */
handler_function *fault_signal(handler_function *handler, int flags);

/** A system call is made by its number, past what stands in front of its function. */
void fault_before_system_call(long number, long first);

/** Signals are to be handled on a stack that may have no room for ours. May wait. */
void fault_before_alternate_stack(const stack_t *stack);

#endif
