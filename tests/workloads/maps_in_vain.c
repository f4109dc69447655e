// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Asks for mappings that the kernel has no way to make, though there is memory: huge pages, more
 * than are in any pool, and a place that is taken. If told to, then for one that there is no memory
 * for. Status 1 if one is made.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>

#define BYTES ((size_t)1 << 20)
#define TOO_MUCH ((size_t)1 << 46)

static void *map(void *at, size_t bytes, int flags)
{
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static int is_made(const char *name, const void *mapping)
{
	if (mapping != MAP_FAILED) {
		printf("%s was made\n", name);
	}
	return mapping != MAP_FAILED;
}

int main(int argc, char **argv)
{
	(void)argv;
	void *taken = map(NULL, BYTES, 0);
	if (taken == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	int made = is_made("huge pages", map(NULL, TOO_MUCH, MAP_HUGETLB))
		| is_made("in its place", map(taken, BYTES, MAP_FIXED_NOREPLACE))
		| is_made("nothing", map(NULL, 0, 0));
	return argc > 1 ? made | is_made("too much", map(NULL, TOO_MUCH, 0)) : made;
}
