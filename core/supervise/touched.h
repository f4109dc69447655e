// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * How much is there of the workload's sparse mappings (struct sparse_mapping). When its memory has
 * grown, its next allocation is asked to look; if none comes until the next look of ours, what is
 * there is counted from outside, for the report of a workload that is killed then.
 */
#ifndef CORE_SUPERVISE_TOUCHED_H
#define CORE_SUPERVISE_TOUCHED_H

#include "core/shm/segment.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Zeroed: nothing is known. */
struct touched {
	/** Anonymous memory of the workload when a look was last asked for, or made. */
	uint64_t anonymous_bytes;
	/** What was seen from outside; count is 0 where the workload has looked since. */
	struct sparse_mapping seen[SPARSE_MAX];
	uint32_t count;
};

/**
 * Look, of a workload that has so much anonymous memory now. Reads slot 0 of the segment, and
 * root's /proc/PID/pagemap: 8 bytes for each page of the mappings, if nobody else has looked or
 * is_forced.
 */
void touched_look(struct touched *touched, int segment_fd, struct segment_header *header,
		  const char *root, pid_t pid, uint64_t anonymous_bytes, bool is_forced);

#endif
