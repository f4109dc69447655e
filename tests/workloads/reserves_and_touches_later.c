// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Asks for 1 GiB at once and touches as many MiB of it as it is told, without a further call. */
#include <stdio.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

int main(int argc, char **argv)
{
	char *block = malloc(1024 * MIB);
	size_t wanted = argc > 1 ? (size_t)atoi(argv[1]) * MIB : 0;
	if (!block) {
		return 1;
	}
	for (size_t i = 0; i < wanted; i += 4096) {
		((volatile char *)block)[i] = 1;
	}
	puts("touched");
	free(block);
	return 0;
}
