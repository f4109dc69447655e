// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Allocates from memory that malloc has in store while the address space may not grow, so that the
 * hook's own tables cannot either; then lifts the limit and allocates again. All allocations must
 * succeed, and those after the limit must be recorded: status 1 if the hook does not say so.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define BLOCKS 1000000
#define BLOCK_BYTES 24
#define STORE_BYTES (200 << 20)
#define CONTROL_LIVE_BYTES 2u

extern long fil_control(unsigned operation, void *argument) __attribute__((weak));

struct link {
	struct link *next;
};

/** Add BLOCKS blocks to a list; NULL if one was refused. */
static struct link *allocate(struct link *list)
{
	for (int i = 0; i < BLOCKS; i++) {
		struct link *link = malloc(BLOCK_BYTES);
		if (!link) {
			return NULL;
		}
		link->next = list;
		list = link;
	}
	return list;
}

static int limit_to(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };
	return setrlimit(RLIMIT_AS, &limit);
}

static unsigned long mapped_pages(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	if (!statm || fscanf(statm, "%lu", &pages) != 1) {
		perror("/proc/self/statm");
		exit(2);
	}
	fclose(statm);
	return pages;
}

int main(void)
{
	mallopt(M_TOP_PAD, STORE_BYTES);
	free(malloc(1000));
	if (limit_to((mapped_pages() + 16) * 4096)) {
		perror("setrlimit");
		return 2;
	}
	struct link *list = allocate(NULL);
	if (!list || limit_to(RLIM_INFINITY)) {
		fputs("an allocation from the store was refused\n", stderr);
		return 2;
	}
	long before = fil_control ? fil_control(CONTROL_LIVE_BYTES, NULL) : 0;
	if (!allocate(list)) {
		return 2;
	}
	long recorded = fil_control ? fil_control(CONTROL_LIVE_BYTES, NULL) - before : 0;
	if (fil_control && recorded != (long)BLOCKS * BLOCK_BYTES) {
		fprintf(stderr, "%ld bytes were recorded after the limit\n", recorded);
		return 1;
	}
	return 0;
}
