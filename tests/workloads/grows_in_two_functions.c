// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Holds 64 MiB in one block and 32 MiB in small ones, each from a function of its own. */
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)
#define SMALL_BYTES 128

__attribute__((noinline)) static char *grow_large(void)
{
	char *p = malloc(64 * MIB);
	return p ? memset(p, 1, 64 * MIB) : NULL;
}

__attribute__((noinline)) static char *grow_small(char *last)
{
	for (size_t held = 0; held < 32 * MIB; held += SMALL_BYTES) {
		char *p = malloc(SMALL_BYTES);
		if (!p) {
			return NULL;
		}
		/* Each leads to the one before. */
		memset(p, 1, SMALL_BYTES);
		memcpy(p, &last, sizeof(last));
		last = p;
	}
	return last;
}

int main(void)
{
	char *large = grow_large();
	char *small = grow_small(large);
	return large && small ? 0 : 1;
}
