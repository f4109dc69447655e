// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Takes and touches blocks of 1 MiB until malloc gives NULL, grows one by realloc, which has to
 * leave the old block alone, then does the same with mappings, gives all back, and goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)
#define MOST 1000

static void *blocks[MOST];

static int take_blocks(void)
{
	int count = 0;
	while (count < MOST && (blocks[count] = malloc(MIB))) {
		memset(blocks[count++], 'x', MIB);
	}
	return count < MOST && errno == ENOMEM ? count : -1;
}

static int take_mappings(void)
{
	int count = 0;
	while (count < MOST) {
		void *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
		if (p == MAP_FAILED) {
			break;
		}
		memset(p, 'y', MIB);
		blocks[count++] = p;
	}
	int result = count < MOST && errno == ENOMEM ? count : -1;
	while (count--) {
		munmap(blocks[count], MIB);
	}
	return result;
}

int main(void)
{
	int taken = take_blocks();
	if (taken < 1) {
		puts("no block was refused");
		return 1;
	}
	char *grown = realloc(blocks[0], 64 * MIB);
	printf("a larger block: %s\n", grown ? "given" : "refused");
	blocks[0] = grown ? grown : blocks[0];
	printf("the old one: %s\n", ((char *)blocks[0])[MIB - 1] == 'x' ? "as it was" : "changed");
	for (int i = 0; i < taken; i++) {
		free(blocks[i]);
	}
	printf("mappings: %s\n", take_mappings() > 0 ? "refused at the end" : "never refused");
	char *more = malloc(10 * MIB);
	printf("then: %s\n", more ? "goes on" : "refused");
	free(more);
	return 0;
}
