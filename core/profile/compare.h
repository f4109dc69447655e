// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Two runs of what should be the same: where did each reach its limit, and what was not the same?
 */
#ifndef CORE_PROFILE_COMPARE_H
#define CORE_PROFILE_COMPARE_H

#include "core/profile/profile.h"

#include <stdbool.h>

/** What moves the number of an allocation, the likeliest first. */
enum difference {
	/** The command line. */
	DIFFERENCE_COMMAND,
	/** The limit itself, or what it limits. */
	DIFFERENCE_LIMIT,
	/** Of Python. */
	DIFFERENCE_VERSION,
	/** The same version, but another file. */
	DIFFERENCE_INTERPRETER,
	/** How many source files had no bytecode. */
	DIFFERENCE_BYTECODE,
	DIFFERENCE_ENVIRONMENT,
	/** Another one, or random in either run. */
	DIFFERENCE_SEED,
	/** Random in either run. */
	DIFFERENCE_ADDRESSES,
	/** More than one: which comes first is left to chance. */
	DIFFERENCE_THREADS,
	/** Of fil-profile. */
	DIFFERENCE_TOOL,
	DIFFERENCE_COUNT
};

/** The number that the two are compared by. */
struct moment_number {
	/** The allocation at which the limit was reached; without a breach: of all allocations. */
	uint64_t allocation;
	bool is_breach;
};

struct moment_number compare_number(const struct profile *profile);

/** Threads that allocated, of all processes. */
uint32_t compare_threads(const struct profile *profile);

/** True if both say under which conditions they ran. */
bool compare_is_possible(const struct profile *one, const struct profile *other);

/** Does this differ between the two? Where one does not know it does not. */
bool compare_differs(const struct profile *one, const struct profile *other,
		     enum difference difference);

#endif
