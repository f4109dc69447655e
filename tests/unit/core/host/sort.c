// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/sort.h"

#include "tests/unit/test.h"

#include <stdlib.h>

#define MOST 3000u

static struct sort_pair pairs[MOST];
static struct sort_pair room[MOST];
static struct sort_pair expected[MOST];

/** By key, then by value, which was their order. */
static int compare(const void *a, const void *b)
{
	const struct sort_pair *x = a, *y = b;
	if (x->key != y->key) {
		return x->key < y->key ? -1 : 1;
	}
	return x->value < y->value ? -1 : x->value > y->value;
}

static void check_sorts(size_t count, uint64_t bits)
{
	uint64_t random = 88172645463325252u + count;
	for (size_t i = 0; i < count; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		pairs[i] = (struct sort_pair){ random & bits, (uint32_t)i };
		expected[i] = pairs[i];
	}
	qsort(expected, count, sizeof(*expected), compare);
	sort_pairs(pairs, count, room);
	for (size_t i = 0; i < count; i++) {
		CHECK_INT(pairs[i].key, expected[i].key);
		CHECK_INT(pairs[i].value, expected[i].value);
	}
}

static void equal_keys_keep_their_order(void)
{
	static const uint64_t bits[] = { UINT64_MAX, 0, 1, 0xff, 0xf00f, 0xff00ff00u,
					 (uint64_t)3 << 62, (uint64_t)0x81 << 32 };
	static const size_t counts[] = { 0, 1, 2, 31, 32, 33, 1000, MOST };
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
			check_sorts(counts[k], bits[i]);
		}
	}
}

int main(void)
{
	RUN(equal_keys_keep_their_order);
	return test_done();
}
