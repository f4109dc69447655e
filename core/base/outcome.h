// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Plain structs that cross borders: how a workload ended (verdict) and what it used.
 *
 * Written by core/supervise and oomsim, read by cmd, core/profile, core/capture and core/report.
 * The numbers of the enumerators are in captures on disk: append, never renumber.
 */
#ifndef CORE_BASE_OUTCOME_H
#define CORE_BASE_OUTCOME_H

#include "core/base/breach.h"

#include <stdbool.h>
#include <stdint.h>

/** How and why the workload ended, as strong as the evidence and no stronger. */
enum verdict {
	/** It has not ended: this is a report made on request while it runs. */
	VERDICT_RUNNING = 0,
	/** It exited; the status is in outcome.exit_status. */
	VERDICT_EXITED = 1,
	/** A signal other than a SIGKILL of unknown origin ended it: outcome.signal. */
	VERDICT_SIGNALED = 2,
	/** SIGKILL, and the oom_kill counter of the workload's own cgroup moved just before. */
	VERDICT_OOM_CONFIRMED = 3,
	/** SIGKILL, and only the machine's oom_kill counter moved. */
	VERDICT_OOM_LIKELY = 4,
	/** SIGKILL, and no oom_kill counter moved: somebody else sent it. */
	VERDICT_KILLED_BY_OTHER = 5,
	/** It ended in failure after an allocation was refused (outcome.failed_bytes). */
	VERDICT_ALLOCATION_FAILED = 6,
	/** The supervisor could not learn how it ended. */
	VERDICT_UNKNOWN = 7,
	/** SIGKILL from us: it had crossed the ceiling that was set for it (outcome.breach). */
	VERDICT_CEILING = 8,
	/** Nobody lived to see how it ended: the supervisor is gone, too (outcome.lost). */
	VERDICT_LOST = 9,
	/** A part of the program has ended, which is all that the report is of; it goes on. */
	VERDICT_PART = 10,
	VERDICT_COUNT
};

/** What is known about a workload that was lost together with its supervisor. */
#define LOST_DIES_TOGETHER 0x1u /* memory.oom.group is set for them */
#define LOST_KILLED 0x2u        /* the kernel saw the supervisor end: the machine went on */

/** Everything that is known about one run apart from its allocations. All sizes in bytes. */
struct outcome {
	enum verdict verdict;
	/** Meaningful for VERDICT_EXITED and VERDICT_ALLOCATION_FAILED (if signal is 0). */
	int32_t exit_status;
	/** The signal that ended it, 0 if it exited. */
	int32_t signal;
	/** It left a core dump (WCOREDUMP). */
	bool core_dumped;

	/** Wall clock at the start, milliseconds since the epoch. */
	int64_t start_unix_ms;
	/** Wall time from start to end (or to now), on the monotonic clock. */
	int64_t duration_ms;
	int64_t cpu_user_ms;
	int64_t cpu_system_ms;

	/** Highest resident set of the workload's own process that the kernel or a poll saw. */
	uint64_t max_rss_bytes;
	/** Child processes seen to run (not profiled), and the resident set of the largest. */
	uint64_t children;
	uint64_t children_max_rss_bytes;
	/** Descendants that still ran when the workload's own process had ended (it daemonised). */
	uint32_t survivors;

	/** Effective memory limit of the workload's cgroup over all ancestors; 0: none. */
	uint64_t cgroup_limit_bytes;
	/** Highest usage of that cgroup that was seen; 0: not known. */
	uint64_t cgroup_max_usage_bytes;
	/** Movement of the oom_kill counters while the workload ran. */
	uint64_t cgroup_oom_kills;
	uint64_t machine_oom_kills;
	/** Physical memory of the machine. */
	uint64_t machine_ram_bytes;

	/** Last refused allocation, 0 bytes if none was refused; how many were refused in all. */
	uint64_t failed_bytes;
	uint64_t failed_count;

	/** The ceiling, if one was set, and the first breach of it. */
	struct breach breach;
	/**
	 * What the kernel charged at the highest sum that was seen (of the breach, if that ended
	 * it), over the workload and the processes below it. Zeros: not known.
	 */
	struct charge charge;
	/** Resident file pages of the workload's own process at that moment. */
	uint64_t charge_file_bytes;
	/** Live bytes that the hook had on its books at that moment. */
	uint64_t charge_tracked_bytes;

	/** VERDICT_LOST: LOST_*, and the usage of the cgroup when it was last looked at. */
	uint32_t lost;
	uint64_t cgroup_last_usage_bytes;
};

/**
 * One bin of the timeline: the highest that was seen of each within the bin. Sizes in bytes; 0 also
 * where the kernel did not say. Bins are in order of time and end where the next begins.
 */
struct usage_sample {
	/** Start of the bin, milliseconds since the start of the run. */
	uint64_t time_ms;
	/** What the hook counted as live. */
	uint64_t tracked_bytes;
	/**
	 * Resident memory of the workload's own process: anonymous, shared (our segment is taken
	 * off), file.
	 */
	uint64_t anonymous_bytes;
	uint64_t shared_bytes;
	uint64_t file_bytes;
	/**
	 * Usage of the workload's cgroup: everything charged to it, page cache and kernel memory
	 * included.
	 */
	uint64_t cgroup_bytes;
};

/** True if the report of such an end shows an out-of-memory (files named out-of-memory). */
static inline bool verdict_is_out_of_memory(enum verdict verdict)
{
	return verdict == VERDICT_OOM_CONFIRMED || verdict == VERDICT_OOM_LIKELY
		|| verdict == VERDICT_ALLOCATION_FAILED || verdict == VERDICT_CEILING;
}

#endif
