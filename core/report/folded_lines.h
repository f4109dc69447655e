// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Which lines collapsed stacks have: all, or in brief those that matter, with the same sum.
 *
 * In brief a stack that holds less than its share goes, with its like, to the innermost frame below
 * which they hold that much together.
 */
#ifndef CORE_REPORT_FOLDED_LINES_H
#define CORE_REPORT_FOLDED_LINES_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>

/** In brief a line holds at least one part in so many: so many lines at most. */
#define FOLDED_PARTS 2000u

struct folded_line {
	uint64_t bytes;
	uint32_t node;
	/** Smaller stacks below the node, or of its own: they have no line. */
	bool is_rest;
};

/**
 * The lines, largest first. malloc'ed, the caller's to free; NULL with errno ENOMEM.
 */
struct folded_line *folded_lines(const struct profile *profile, enum measure of, bool in_brief,
				 uint32_t *ret_count);

#endif
