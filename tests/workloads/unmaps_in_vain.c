// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Calls munmap as the kernel refuses it: what is live must not change by that. Status 1 if it does.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#define MAPPED ((size_t)1 << 20)
#define CONTROL_LIVE_BYTES 2u

extern long fil_control(unsigned operation, void *argument) __attribute__((weak));

static long live(void)
{
	return fil_control ? fil_control(CONTROL_LIVE_BYTES, NULL) : 0;
}

/** 1 if munmap takes this, or if it changes what is live. */
static int is_taken(void *start, size_t bytes)
{
	long before = live();
	errno = 0;
	if (munmap(start, bytes) == 0 || errno != EINVAL || live() != before) {
		fprintf(stderr, "munmap(%p, %zu): live %ld -> %ld\n", start, bytes, before, live());
		return 1;
	}
	return 0;
}

int main(void)
{
	char *start =
		mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	return is_taken(start + 100, MAPPED / 2) | is_taken(start, 0)
		| is_taken(start, (size_t)-4096 * 2);
}
