// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Looks at the workload from outside now and then: often while its memory moves, four times a
 * second while it does not, and never for more than a hundredth of a processor
 * (under a ceiling: a twenty-fifth, and more close to it where processes share pages).
 */
#ifndef CORE_SUPERVISE_SAMPLER_H
#define CORE_SUPERVISE_SAMPLER_H

#include "core/shm/segment.h"
#include "core/supervise/descendants.h"
#include "core/supervise/timeline.h"
#include "core/supervise/touched.h"
#include "oomsim/pressure.h"
#include "oomsim/usage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sampler {
	struct usage_source source;
	struct segment_header *header;
	int segment_fd;
	struct timeline timeline;
	struct touched touched;
	/** Highest that was seen of the workload's own process, and of its group. */
	uint64_t peak_rss_bytes;
	uint64_t peak_cgroup_bytes;
	/** The workload and the processes below it: at the last look, and at the highest sum. */
	struct pressure pressure;
	/** When pages were last told apart, and what that has cost. */
	uint64_t walked_ms;
	uint64_t walk_cost_us;
	struct charge charge;
	struct charge highest;
	/** File pages of the workload's own process, and live bytes on the books, then. */
	uint64_t highest_file_bytes;
	uint64_t highest_tracked_bytes;
	/** Lowest limit over the workload's cgroup; 0: none. */
	uint64_t limit_bytes;
	/**
	 * cgroup_peak when the workload came into its group: it tells only if it has risen since.
	 */
	uint64_t cgroup_peak_start;
	/** Counters when the workload came into its group, and as last read. */
	struct oom_counters kills_before;
	struct oom_counters kills;
	/** Of those, what the workload has outlived: what moved since may be its end. */
	struct oom_counters kills_outlived;
	uint64_t next_outlived_ms;
	uint64_t start_ms;
	uint64_t next_ms;
	uint32_t interval_ms;
	uint64_t last_resident_bytes;
	uint64_t last_tracked_bytes;
	uint64_t last_cgroup_bytes;
	bool is_close_look;
	/** The segment counts as file pages, not as shared memory. */
	bool segment_is_file_pages;
};

/** Before the workload starts: the counters as they are. root as in core/host/proc.h. */
void sampler_open(struct sampler *sampler, const char *root, int segment_fd,
		  struct segment_header *header);

/** The workload has started, at start_ms on the monotonic clock. */
void sampler_attach(struct sampler *sampler, pid_t pid, uint64_t start_ms);
void sampler_close(struct sampler *sampler);

/**
 * Look now (now_ms on the monotonic clock) at the workload and those that are known to be below it,
 * and decide when to look again: next_ms. Close to a ceiling of resident memory that is soon.
 */
void sampler_look(struct sampler *sampler, const struct descendants *below, uint64_t now_ms);

/** As sampler_look, and exactly: of a tree in which nothing moves. */
void sampler_look_closely(struct sampler *sampler, const struct descendants *below,
			  uint64_t now_ms);

/** What is there of sparse mappings: now. */
void sampler_look_at_sparse(struct sampler *sampler);

/** What was charged at the last look, as far as growth since pages were told apart tells. */
uint64_t sampler_likely_bytes(const struct sampler *sampler);

/** The counters at the end, after the workload has died. */
void sampler_finish(struct sampler *sampler, uint64_t now_ms);

/** Milliseconds on the monotonic clock. */
uint64_t sampler_now_ms(void);

/** Microseconds of processor time that this thread has used. */
uint64_t sampler_cpu_us(void);

#endif
