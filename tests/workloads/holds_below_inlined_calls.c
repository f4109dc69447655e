// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Holds 3 MiB that a function asks for which is called by one that is inlined. */
// build: -O2
#include <stdlib.h>
#include <string.h>

static char *volatile held;

static __attribute__((noinline)) void grab(size_t bytes)
{
	held = malloc(bytes);
	memset(held, 1, bytes);
}

static inline __attribute__((always_inline)) void grab_mib(size_t mib)
{
	grab(mib << 20);
	__asm__ volatile("");
}

static __attribute__((noinline)) void work(void)
{
	grab_mib(3);
	__asm__ volatile("");
}

int main(void)
{
	work();
	return held[0] != 1;
}
