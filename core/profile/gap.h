// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From what a report's stacks hold to what the kernel counts, at the moment of the highest charge
 * that was seen (struct outcome): why htop shows another number.
 *
 *     tracked + untracked - untouched              anonymous memory
 *     + shared + page_table + kernel               charge: what has to fit below a limit
 *     + file + segment                             counted: all that the kernel counts
 *     - page_table - kernel                        resident: what htop and ps show
 */
#ifndef CORE_PROFILE_GAP_H
#define CORE_PROFILE_GAP_H

#include "core/base/outcome.h"
#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>

/** All in bytes. Of untracked and untouched one is 0: only their difference is known. */
struct gap {
	uint64_t tracked;
	/** Anonymous memory that is not tracked: interpreter, libraries, stacks, slack. */
	uint64_t untracked;
	/** Tracked memory of which no page was ever used, at the least. */
	uint64_t untouched;
	uint64_t shared;
	uint64_t file;
	/** The profiler's own. */
	uint64_t segment;
	uint64_t page_table;
	uint64_t kernel;
	uint64_t resident;
	uint64_t counted;
	uint64_t charge;
};

/** charge_sum, at most UINT64_MAX; 0: it is not known what the kernel charged. */
uint64_t gap_charge(const struct outcome *outcome);

/** The gap; all zero if it is not known what the kernel charged. */
struct gap gap_of(const struct profile *profile);

static inline bool gap_is_known(const struct gap *gap)
{
	return gap->charge != 0;
}

#endif
