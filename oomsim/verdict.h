// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The verdict: from what is known about an end to what may be said about it. Pure: the counters
 * were read by somebody else, before and after.
 *
 * The kernel tells nobody why it sent a SIGKILL. What it does is count: oom_kill of the victim's
 * own memory cgroup (version 1 memory.oom_control, version 2 memory.events.local), and of the
 * machine (/proc/vmstat, memory cgroups included; since 4.13).
 */
#ifndef OOMSIM_VERDICT_H
#define OOMSIM_VERDICT_H

#include "core/base/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/** Processes killed for lack of memory, by who counted them; -1: there is no such counter. */
struct oom_counters {
	int64_t own;       /* the workload's own cgroup */
	int64_t ancestors; /* the groups above it: with version 2 they count all below them */
	int64_t machine;
};

/** Refused allocations of the workload. Numbers of allocations are totals.allocations. */
struct refusals {
	uint64_t count;
	/** Allocations recorded when the last refusal was noticed, and at the end. */
	uint64_t allocations_then;
	uint64_t allocations_at_end;
};

/**
 * Allocations after which a refusal is no longer taken for the reason of a failure: about as many
 * as printing a traceback and leaving takes, and about a tenth of a second of ordinary work. A
 * program that caught the error went on for longer than that, or ended in success.
 */
#define REFUSAL_STALE_ALLOCATIONS 1000000u

/** Movement of a counter; 0 if it is not there, or went back. */
uint64_t oom_moved(int64_t before, int64_t after);

/**
 * The verdict for an end (wait_status as from waitpid). In this order: status 0 is success,
 * whatever was refused; a SIGKILL is the kernel's if a counter moved (confirmed: own; likely: only
 * others), else somebody else's; any other failure is that of a refused allocation if one is recent
 * and the workload ended itself: an exit status, or a signal that a process brings upon itself.
 */
enum verdict verdict_decide(int wait_status, const struct oom_counters *before,
			    const struct oom_counters *after, const struct refusals *refusals);

#endif
