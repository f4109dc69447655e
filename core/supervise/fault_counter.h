// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The counter of page faults: memory that was asked for long ago is only touched now, and nobody
 * asks anybody. The kernel counts the faults of each thread of the workload (perf_event_open(2))
 * and stops it at every so-many-th with a SIGTRAP, which the hook handles (core/hook/fault.h). We
 * hold the descriptors and choose how many: the closer the ceiling, the fewer.
 *
 * The period of a counter that threads have inherited cannot be changed, but it can be disabled for
 * all of them; so there is one counter for each step of oomsim/ceiling.h, and at most one is
 * enabled.
 *
 * An extra where the kernel permits it: from 5.18 on (before, a SIGTRAP that the workload blocks
 * would kill it), where perf_event_paranoid and the container's filter allow it. Only faults in the
 * program's own code count: a system call is never disturbed, and what it touches is noticed by the
 * next look.
 */
#ifndef CORE_SUPERVISE_FAULT_COUNTER_H
#define CORE_SUPERVISE_FAULT_COUNTER_H

#include "oomsim/ceiling.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

struct fault_counter {
	int fds[CEILING_STEPS];
	/** The one that is enabled; CEILING_STEPS: none. */
	uint32_t step;
	/** There are counters, in this image of the workload. */
	bool is_open;
	uint32_t generation;
	/** A debugger is attached, which would be shown each SIGTRAP: none is enabled. */
	bool is_traced;
};

/** "MAJOR.MINOR..." of uname(2): is a counter safe there? */
bool fault_counter_is_safe(const char *release);

/** No counter yet, and what the hook must know to ask for one. Before the workload starts. */
void fault_counter_init(struct supervisor *supervisor, bool is_wanted);

/** The hook has posted a REQUEST_FAULTS: open, change the step, or end it for this image. */
void fault_counter_request(struct supervisor *supervisor, uint64_t step);

/** After a look: the step that fits what is charged now. */
void fault_counter_look(struct supervisor *supervisor);

/** No SIGTRAP comes any more, for good. */
void fault_counter_close(struct supervisor *supervisor);

#endif
