// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From the segment to a profile: safe against a workload that runs, that died in the middle of a
 * write, or that scribbled over the segment. Never waits for the workload and never takes its lock.
 */
#ifndef CORE_PROFILE_COLLECT_H
#define CORE_PROFILE_COLLECT_H

#include "core/base/conditions.h"
#include "core/base/outcome.h"
#include "core/profile/profile.h"
#include "core/remote/stacks.h"
#include "core/shm/segment.h"

/** What the collector is told about the run; strings are copied. */
struct collect_request {
	/** The segment's file, read with pread only. */
	int segment_fd;
	struct outcome outcome;
	enum profile_moment moment;
	const char *command;   /* quoted for a shell, "" to leave it out */
	/** The workload's working directory at start: relative file names are below it. */
	const char *directory;
	/** The machine that it ran on; NULL: this one. */
	const char *host;
	/**
	 * Root through which source files are read: "/proc/PID/root" of a workload in a chroot, or
	 * "".
	 */
	const char *root;
	/**
	 * Of the workload's scope, without what was before it. Where nothing but scopes is recorded
	 * it always is.
	 */
	bool is_of_scope;
	/**
	 * Read source lines of frames that hold at least a thousandth of the peak or of the end.
	 */
	bool with_source;
	/** Files changed after this wall-clock time are flagged (FRAME_SOURCE_CHANGED). */
	int64_t start_unix_ms;
	/** Text of the program given with -c, shown as the source of "<string>"; NULL: none. */
	const char *code_text;
	/** The timeline, copied. */
	const struct usage_sample *samples;
	uint32_t sample_count;
	/** What the threads were doing at a breach, read from outside; NULL: not known. */
	const struct remote_stacks *stacks;
	/** What was seen of sparse mappings where the workload itself has not looked since. */
	const struct sparse_mapping *touched;
	uint32_t touched_count;
	/** What is known from outside; the files of Python are looked at here. */
	struct conditions conditions;
};

/**
 * Collect a profile. Returns NULL with errno: EPROTO if the segment is not one (overwritten magic,
 * impossible numbers), ENOMEM, or what pread said. Entries of a running workload are read again
 * until totals.epoch is stable, a bounded number of times; if they did not add up then,
 * profile_sum_bytes differs from peak_bytes by what moved meanwhile.
 *
 * Live counts of a dead workload are repaired from the slots' intents; repaired_operations says
 * how many there were.
 */
struct profile *profile_collect(const struct collect_request *request);

/**
 * The invariants of a segment at rest: entries' live sums to totals.live_bytes and equals the live
 * tables of the slots, block by block; shares of the peak sum to the peak. Returns the number of
 * violated ones, 0 if all hold, -1 with errno if it could not be read. For tests after kill -9.
 * ret_report, if not NULL, receives a malloc'ed text, one violated invariant a line.
 */
int segment_verify(int segment_fd, char **ret_report);

#endif
