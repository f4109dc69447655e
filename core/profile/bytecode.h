// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Was Python's bytecode there, or had it to be made? A module that is compiled makes many
 * allocations more than one that is loaded, so that the first run of a program is unlike all later
 * ones. Looked for as PEP 3147 names it; PYTHONPYCACHEPREFIX is not followed.
 */
#ifndef CORE_PROFILE_BYTECODE_H
#define CORE_PROFILE_BYTECODE_H

#include "core/profile/profile.h"

/** Where the files of a run are found. */
struct bytecode_place {
	/** Of the workload, or "" (struct collect_request). */
	const char *root;
	/** Relative names are below it. */
	const char *directory;
	int64_t start_unix_ms;
};

/**
 * Count, into profile->conditions, the source files of the frames, and those whose bytecode is not
 * there, or was written since the start of the run. Nothing is counted where no Python ran, or
 * without memory.
 */
void bytecode_count(struct profile *profile, const struct bytecode_place *place);

#endif
