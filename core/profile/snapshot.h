// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The accounts of all stacks at one moment: entries and totals that belong together.
 *
 * Of a dead workload: as they are, with the operation that was under way taken back. Of a running
 * one: the shares of the peak are exact if no new peak came while we read, which is tried a bounded
 * number of times; what is live "now" is of slightly different nows.
 */
#ifndef CORE_PROFILE_SNAPSHOT_H
#define CORE_PROFILE_SNAPSHOT_H

#include "core/profile/segment_reader.h"

enum snapshot_of {
	SNAPSHOT_RUN,
	/** Of the scope beside a run that is recorded as a whole. */
	SNAPSHOT_SCOPE,
};

struct snapshot {
	enum snapshot_of of;
	struct totals totals;
	struct arena_copy entries;
	/** Operations that were under way in a dead workload. */
	uint64_t repaired_operations;
};

/** Take one. running: the workload still writes. 0, or -1 with errno; snapshot_done in any case. */
int snapshot_take(struct segment_reader *reader, enum snapshot_of of, bool running,
		  struct snapshot *snapshot);

/** Entry number k, or NULL. */
const struct entry *snapshot_entry(const struct snapshot *snapshot, uint64_t k);

/**
 * More is held than the workload has noticed: bytes of entry number k, if that exists. As if they
 * had been allocated last.
 */
void snapshot_add(struct snapshot *snapshot, uint32_t k, uint64_t bytes);

void snapshot_done(struct snapshot *snapshot);

#endif
