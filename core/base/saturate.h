// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Sums and differences that stop at the ends of their range: for sizes that a program or a file
 * has chosen. An allocation of SIZE_MAX bytes is a thing that programs ask for.
 */
#ifndef CORE_BASE_SATURATE_H
#define CORE_BASE_SATURATE_H

#include <stdint.h>

/** a + b, at most UINT64_MAX. */
static inline uint64_t saturated_sum(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/** a - b, at least 0. */
static inline uint64_t saturated_difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

#endif
