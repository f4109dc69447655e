// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Variables that options put into the workload's environment. */
#ifndef CMD_VARIABLES_H
#define CMD_VARIABLES_H

#include <stdbool.h>

struct variables_wanted {
	/** OpenMP, OpenBLAS, MKL, NumExpr and Blosc are to use one thread. */
	bool single_threaded_pools;
	/** PYTHONHASHSEED=0, unless the environment has one: sets iterate alike in every run. */
	bool fixed_hash_seed;
	/** "PYTHONPATH=..." instead of the environment's own; NULL: not wanted. */
	char *python_path;
};

/** True if the environment says itself how Python is to hash. */
bool variables_have_hash_seed(char *const *environment);

/**
 * A copy of an environment with what is wanted at its end. The array is the caller's to free, its
 * words are not; NULL without memory.
 */
char **variables_new(char *const *environment, struct variables_wanted wanted);

#endif
