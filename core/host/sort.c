// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A radix sort, lowest byte of the keys first. A byte that all keys have in common, as most of them
 * do, costs nothing.
 */
#include "core/host/sort.h"

#include <string.h>

#define VALUES 256u
/** So few are sorted one by one. */
#define FEW 32u

static void sort_few(struct sort_pair *pairs, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_pair pair = pairs[i];
		size_t at = i;
		for (; at > 0 && pairs[at - 1].key > pair.key; at--) {
			pairs[at] = pairs[at - 1];
		}
		pairs[at] = pair;
	}
}

/** The bits in which keys differ. */
static uint64_t differing_bits(const struct sort_pair *pairs, size_t count)
{
	uint64_t bits = 0;
	for (size_t i = 1; i < count; i++) {
		bits |= pairs[i].key ^ pairs[0].key;
	}
	return bits;
}

/** Into to, sorted by the byte that begins at a bit. */
static void sort_by_byte(const struct sort_pair *from, struct sort_pair *to, size_t count,
			 unsigned bit)
{
	size_t next[VALUES] = { 0 };
	size_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		next[from[i].key >> bit & (VALUES - 1)]++;
	}
	for (unsigned value = 0; value < VALUES; value++) {
		size_t here = next[value];
		next[value] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++) {
		to[next[from[i].key >> bit & (VALUES - 1)]++] = from[i];
	}
}

void sort_pairs(struct sort_pair *pairs, size_t count, struct sort_pair *room)
{
	struct sort_pair *from = pairs, *to = room;
	if (count <= FEW) {
		sort_few(pairs, count);
		return;
	}
	uint64_t bits = differing_bits(pairs, count);
	for (unsigned bit = 0; bit < 64; bit += 8) {
		if (bits >> bit & (VALUES - 1)) {
			sort_by_byte(from, to, count, bit);
			struct sort_pair *sorted = to;
			to = from;
			from = sorted;
		}
	}
	if (from != pairs) {
		memcpy(pairs, from, count * sizeof(*pairs));
	}
}
