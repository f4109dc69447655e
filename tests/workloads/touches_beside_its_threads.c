// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* One of its threads touches a GiB; the others wait. Prints the number of the one that touches. */
// build: -O2 -fno-inline -fomit-frame-pointer
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES ((size_t)1 << 30)

static void *wait_for_ever(void *pipe_end)
{
	char byte;
	return read(*(int *)pipe_end, &byte, 1) ? pipe_end : NULL;
}

static int touch_each_page(char *block, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 4096) {
		((volatile char *)block)[i] = 1;
	}
	return block[bytes / 2];
}

static void *touch(void *block)
{
	printf("%ld\n", (long)syscall(SYS_gettid));
	fflush(stdout);
	return touch_each_page(block, BYTES) ? block : NULL;
}

int main(void)
{
	int ends[2];
	pthread_t waiting, touching;
	char *block = malloc(BYTES);
	if (!block || pipe(ends) != 0
	    || pthread_create(&waiting, NULL, wait_for_ever, &ends[0]) != 0
	    || pthread_create(&touching, NULL, touch, block) != 0) {
		return 1;
	}
	pthread_join(touching, NULL);
	free(block);
	return 0;
}
