// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The workload's child processes, which are not profiled: how many there were, how large the
 * largest got, and which outlive the workload. Seen by looking now and then: what came and went
 * between two looks is only in the hook's count. Constant memory.
 */
#ifndef CORE_SUPERVISE_DESCENDANTS_H
#define CORE_SUPERVISE_DESCENDANTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** More than these are not told apart, nor is what they are charged known. */
#define DESCENDANTS_KNOWN 2048u

/** One process for ever: numbers are used again, start times with them are not. */
struct descendant {
	pid_t pid;
	uint64_t start_ticks;
};

struct descendants {
	const char *root;
	pid_t workload;
	uint64_t workload_start_ticks;
	/** Those that were there at the last look, also if their parents have died meanwhile. */
	struct descendant known[DESCENDANTS_KNOWN];
	uint32_t known_count;
	/** How many different ones were seen, and the highest resident set of any. */
	uint64_t count;
	uint64_t max_rss_bytes;
	uint64_t next_ms;
};

/**
 * Is it still there? A zombie is: it would be taken for a new one at every look. root as in
 * core/host/proc.h.
 */
bool descendant_exists(const char *root, const struct descendant *known);

void descendants_open(struct descendants *descendants, const char *root, pid_t workload);

/**
 * Look now; next_ms says when to look again: in a tenth of a second, or later by what a look costs.
 */
void descendants_look(struct descendants *descendants, uint64_t now_ms);

/** Those seen so far were helpers of whatever led to the job: they do not count. */
void descendants_forget(struct descendants *descendants);

/**
 * After the workload's end: how many of them still run. Includes those that nobody saw being born
 * (a daemon forks twice in a millisecond) but have the segment mapped, which a forked child
 * inherits, or are orphans in our process group.
 */
uint32_t descendants_survivors(const struct descendants *descendants, int segment_fd);

#endif
