// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Allocates blocks of marked sizes, 1000000 to 1000299 bytes, in functions that end in calls of
 * others: optimised, these are jumps, and leave no frame.
 */
#include <stdlib.h>

static void *kept[300];
static unsigned count;
static unsigned state = 1;

static unsigned next(unsigned below)
{
	state = state * 1103515245 + 12345;
	return (state >> 16) % below;
}

static __attribute__((noinline)) void *allocate(unsigned depth);
typedef void *way(unsigned depth);

static __attribute__((noinline)) void *jumps(unsigned depth)
{
	return allocate(depth - 1);
}

static __attribute__((noinline)) void *jumps_through_another(unsigned depth)
{
	return jumps(depth);
}

static __attribute__((noinline)) void *calls(unsigned depth)
{
	void *block = allocate(depth - 1);
	__asm__ volatile("" : : "r"(block) : "memory");
	return block;
}

static way *const ways[] = { jumps, jumps_through_another, calls, calls };

static void *allocate(unsigned depth)
{
	if (depth == 0) {
		return malloc(1000000 + count);
	}
	return ways[next(4)](depth);
}

int main(void)
{
	for (; count < 300; count++) {
		kept[count] = allocate(next(12));
	}
	for (unsigned i = 0; i < 300; i++) {
		free(kept[i]);
	}
	return 0;
}
