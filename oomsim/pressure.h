// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What a process and those below it are charged together. root as in core/host/proc.h.
 */
#ifndef OOMSIM_PRESSURE_H
#define OOMSIM_PRESSURE_H

#include "core/base/breach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Add what b says to a. */
void charge_add(struct charge *a, const struct charge *b);

/** The processes to be looked at. */
struct process_tree {
	/** As in core/host/proc.h. */
	const char *root;
	/** The workload first. */
	const pid_t *pids;
	size_t count;
	/** Of the workload's shared memory, which are ours and are left out. */
	uint64_t segment_bytes;
};

#define PRESSURE_REAL_PARTS 256u

/** A process when its pages were last shared out. */
struct pressure_part {
	pid_t pid;
	/** Its share. */
	uint64_t anonymous_bytes;
	uint64_t shared_bytes;
	/** All the memory of its own that was resident. */
	uint64_t resident_bytes;
};

/** What growth is measured by. */
struct pressure_counts {
	/** The plain sum. */
	uint64_t plain_bytes;
	/** Page faults of all processes. */
	uint64_t faults;
};

/** How pages were shared when that was last looked at. Zeroed: never. */
struct pressure {
	/** Owned: room for as many as the largest tree so far had. */
	struct pressure_part *parts;
	uint32_t part_count;
	uint32_t part_capacity;
	/** All shares. */
	uint64_t sum_bytes;
	/** Before the walk, which takes its time, and half-way through. */
	struct pressure_counts before;
	struct pressure_counts middle;
	/** What the charge was at most at the last reading, and probably. */
	uint64_t most_bytes;
	uint64_t likely_bytes;
	/**
	 * What of the growth that was possible between two walks was real, in so many parts, when
	 * that was last much; 0 also if it never was.
	 */
	uint32_t real_parts;
	/** The last reading had the kernel walk over all pages. */
	bool has_walked;
};

void pressure_done(struct pressure *pressure);

enum pressure_walk {
	/** Not now, whatever is not known. */
	PRESSURE_NO_WALK,
	/**
	 * If it is needed to know what is probable. A caller that has likely_bytes above
	 * matters_bytes asks again, with nothing moving.
	 */
	PRESSURE_WALK_UNLESS_CLEAR,
	/** If it is needed. */
	PRESSURE_WALK,
	/** Needed or not: nothing moves, and all is to be known. */
	PRESSURE_WALK_ANYHOW,
};

/**
 * The charge of processes together. Pages that several have count once, if it is known how they
 * are shared; else as often.
 *
 * The plain sum is cheap, about ten microseconds a process. To share pages out takes the kernel a
 * walk over all of them (/proc/PID/smaps_rollup, 4.14; its Pss_Anon and Pss_Shmem 5.4), about ten
 * milliseconds a gigabyte, in which a fast program takes tens of megabytes. So it is done once the
 * plain sum is above half of matters_bytes; from then on the charge lies between that and what the
 * same processes have taken since at least (what is returned) and at most (most_bytes: the plain
 * sum grows, or a fault a page), and is done again only if matters_bytes lies between the two, and
 * once before, to see how much of what is possible is real. Where sharing cannot be read a process
 * counts in full.
 */
struct charge pressure_read(struct pressure *pressure, const struct process_tree *tree,
			    uint64_t matters_bytes, enum pressure_walk walk);

#endif
