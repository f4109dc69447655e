// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Our two variables in the workload's environment: taken off at start so that neither the workload
 * nor its children see them, put on again when the workload's own process executes another image.
 */
#ifndef CORE_HOOK_ENVIRONMENT_H
#define CORE_HOOK_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Take our path out of every LD_PRELOAD and FIL_SEGMENT off the end of the environment, its memory
 * included, into hook.preload and hook.segment. False if they are not there.
 */
bool environment_take(char **environment);

/** A copy of an environment with the two variables at its end. */
struct environment {
	/** NULL if there was no memory: use the one given. */
	char **variables;
	size_t bytes;
};

/** Make it; release with environment_done. Does not depend on the lock or on malloc. */
struct environment environment_with_hook(char *const variables[]);
void environment_done(struct environment *environment);

#endif
