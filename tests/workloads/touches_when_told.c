// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Asks for 1 GiB at once, touches as many MiB of it as it is told, and the rest after a line. */
#include <stdio.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

static volatile char *block;

static void touch(size_t from, size_t to)
{
	for (size_t i = from; i < to; i += 4096) {
		block[i] = 1;
	}
}

int main(int argc, char **argv)
{
	size_t first = argc > 1 ? (size_t)atoi(argv[1]) * MIB : 0;
	block = malloc(1024 * MIB);
	if (!block) {
		return 1;
	}
	touch(0, first);
	puts("ready");
	fflush(stdout);
	getchar();
	touch(first, 1024 * MIB);
	puts("touched");
	return 0;
}
