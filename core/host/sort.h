// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Sorting numbers by keys, in linear time: reports sort a hundred thousand stacks several times,
 * and musl's qsort takes 1,000 instructions an element for that.
 */
#ifndef CORE_HOST_SORT_H
#define CORE_HOST_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_pair {
	uint64_t key;
	uint32_t value;
};

/** Sort by key, lowest first; pairs of the same key stay in their order. room: count pairs. */
void sort_pairs(struct sort_pair *pairs, size_t count, struct sort_pair *room);

#endif
