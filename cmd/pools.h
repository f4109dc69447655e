// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Environments in which numerical libraries use one thread. */
#ifndef CMD_POOLS_H
#define CMD_POOLS_H

/**
 * A copy of an environment in which OpenMP, OpenBLAS, MKL, NumExpr and Blosc are told to use one
 * thread. The array is the caller's to free, its words are not; NULL without memory.
 */
char **pools_single_threaded(char *const *environment);

#endif
