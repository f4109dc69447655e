// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The ceiling that --limit and its companions ask for. */
#ifndef CMD_LIMIT_H
#define CMD_LIMIT_H

#include "cmd/options.h"
#include "core/base/breach.h"

#include <stdbool.h>
#include <stdint.h>

/** A ceiling as the supervisor takes it, and where it came from. */
struct limit {
	enum ceiling_metric metric;
	enum ceiling_action action;
	uint64_t bytes;
	uint64_t fail_at;
	bool is_deterministic;
	/** What it was derived from, in words; "" for a plain size. */
	char origin[128];
};

/** Names of --limit-of, from CEILING_RESIDENT on, and of --on-limit, from CEILING_KILL on. */
extern const char *const limit_metric_names[];
extern const char *const limit_action_names[];

/** True if a text is a size, a percentage, or "auto". */
bool limit_is_valid(const char *text);

/**
 * What the options ask for; metric CEILING_NONE without --limit. Sizes relative to the machine or
 * its container are resolved here, through /proc and the cgroup below root ("" is "/").
 *
 * @return 0; -1 with a sentence in message if a size cannot be found out, or leaves no room.
 */
int limit_resolve(struct limit *limit, const struct options *options, const char *root,
		  char *message, unsigned message_size);

#endif
