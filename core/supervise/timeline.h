// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The timeline: a run of any length in a fixed number of bins. A bin keeps the highest of each
 * number; when all bins are full their width doubles and neighbours merge.
 */
#ifndef CORE_SUPERVISE_TIMELINE_H
#define CORE_SUPERVISE_TIMELINE_H

#include "core/base/outcome.h"

#include <stdint.h>

#define TIMELINE_BINS 1000u
#define TIMELINE_WIDTH_START_MS 10u

/** Zero-initialised is empty. */
struct timeline {
	/**
	 * Bins in which something was seen, in order; bins[i].time_ms is a multiple of width_ms.
	 */
	struct usage_sample bins[TIMELINE_BINS];
	uint32_t count;
	uint64_t width_ms;
};

/**
 * Add what was seen at sample.time_ms, which is not before the last one added (else it counts
 * then).
 */
void timeline_add(struct timeline *timeline, struct usage_sample sample);

#endif
