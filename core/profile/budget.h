// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What to cut: the smallest set of call sites without whose memory a job would fit into a given
 * amount of RAM.
 */
#ifndef CORE_PROFILE_BUDGET_H
#define CORE_PROFILE_BUDGET_H

#include "core/profile/profile.h"
#include "core/profile/sites.h"

#include <stdbool.h>
#include <stdint.h>

/** What a job is to fit into, and what it took. Bytes. */
struct budget {
	uint64_t limit_bytes;
	/** At the breach with what was asked for then; else what the job needs (struct fit). */
	uint64_t taken_bytes;
	/** It did not finish, and may have taken more had it gone on. */
	bool at_least;
	/** What has to go; 0: it fits. */
	uint64_t excess_bytes;
	/** The most of what call sites hold that can be in taken_bytes. */
	uint64_t touched_bytes;
};

/** The ceiling that was broken. False, *ret untouched: none was, or it had no limit. */
bool budget_of_breach(const struct outcome *outcome, struct budget *ret);

/** A size that somebody has in mind. False, *ret untouched: it is not known what it took. */
bool budget_of_size(const struct profile *profile, uint64_t size_bytes, struct budget *ret);

struct budget_cut {
	/** The call sites, largest first. */
	struct site *sites;
	uint32_t count;
	/** What they hold together, and what of it the last one would have to give at least. */
	uint64_t bytes;
	uint64_t last_bytes;
	/** What all call sites of the profile hold together. */
	uint64_t tracked_bytes;
	/**
	 * What of that was not in RAM when it was most: never used, or held at another moment.
	 * Nobody knows of which sites: to be sure, as much more has to go.
	 */
	uint64_t untouched_bytes;
	/** What would still be too much without all call sites; 0: these are enough. */
	uint64_t missing_bytes;
};

/**
 * The sites that are to go, by what they hold under a measure: none if it fits, all if all are not
 * enough. 0, then budget_cut_done; or -1 with errno ENOMEM.
 */
int budget_find_cut(const struct profile *profile, enum measure of, const struct budget *budget,
		    struct budget_cut *ret);

void budget_cut_done(struct budget_cut *cut);

#endif
