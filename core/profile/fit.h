// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The smallest RAM in which a job would have finished, and what to ask a cluster for. */
#ifndef CORE_PROFILE_FIT_H
#define CORE_PROFILE_FIT_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * The margin: this part of the need, and no less than FIT_MARGIN_MIN_BYTES. The kernel charges in
 * batches per processor and wants a few file pages; a maximum that is looked for now and then may
 * be missed by a little.
 */
#define FIT_MARGIN_PERCENT 2u
#define FIT_MARGIN_MIN_BYTES ((uint64_t)2 << 20)
/** The limit of a container is above what it requests by this part of that. */
#define FIT_HEADROOM_DIVISOR 8u

/** All in bytes; request and limit are whole MiB. */
struct fit {
	/**
	 * The terms of the need. pending: what a ceiling of RAM stopped; whether it would have been
	 * used, nobody knows.
	 */
	struct charge charge;
	/**
	 * What the workload's own process had in RAM beyond that at its highest, at the least: a
	 * peak between two looks, which only the kernel's mark of the highest resident set shows.
	 */
	uint64_t unseen;
	uint64_t pending;
	/** Their sum: what the job took, so the smallest RAM. 0: not known. */
	uint64_t need;
	/** The job did not finish, or not as it would have: it needs at least that much. */
	bool at_least;
	uint64_t margin;
	/**
	 * need + margin, rounded up to a step of which it has 16 to 32; then the headroom on top,
	 * rounded up to the same step.
	 */
	uint64_t request;
	uint64_t limit;
};

/**
 * By the highest charge that was seen, and without a breach by the highest resident set. All zero
 * but at_least if the charge is not known.
 */
struct fit fit_of(const struct profile *profile);

#endif
