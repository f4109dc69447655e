// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/timeline.h"

#include <stddef.h>

static void raise_to(uint64_t *highest, uint64_t value)
{
	if (value > *highest) {
		*highest = value;
	}
}

/** bin takes the highest of both; its time stays. */
static void bin_merge(struct usage_sample *bin, const struct usage_sample *sample)
{
	raise_to(&bin->tracked_bytes, sample->tracked_bytes);
	raise_to(&bin->anonymous_bytes, sample->anonymous_bytes);
	raise_to(&bin->shared_bytes, sample->shared_bytes);
	raise_to(&bin->file_bytes, sample->file_bytes);
	raise_to(&bin->cgroup_bytes, sample->cgroup_bytes);
}

/** Twice the width: bins that begin in the same wider one become one. */
static void timeline_widen(struct timeline *timeline)
{
	uint32_t count = 0;
	timeline->width_ms *= 2;
	for (uint32_t i = 0; i < timeline->count; i++) {
		struct usage_sample bin = timeline->bins[i];
		bin.time_ms -= bin.time_ms % timeline->width_ms;
		if (count && timeline->bins[count - 1].time_ms == bin.time_ms) {
			bin_merge(&timeline->bins[count - 1], &bin);
		} else {
			timeline->bins[count++] = bin;
		}
	}
	timeline->count = count;
}

void timeline_add(struct timeline *timeline, struct usage_sample sample)
{
	if (!timeline->width_ms) {
		timeline->width_ms = TIMELINE_WIDTH_START_MS;
	}
	for (;;) {
		struct usage_sample *last =
			timeline->count ? &timeline->bins[timeline->count - 1] : NULL;
		sample.time_ms -= sample.time_ms % timeline->width_ms;
		if (last && sample.time_ms <= last->time_ms) {
			bin_merge(last, &sample);
			return;
		}
		if (timeline->count < TIMELINE_BINS) {
			timeline->bins[timeline->count++] = sample;
			return;
		}
		timeline_widen(timeline);
	}
}
