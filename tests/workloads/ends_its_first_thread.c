// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Its first thread ends, which leaves /proc/PID without anything about memory; the other touches
 * as many MiB as it is told of a block that it had asked for before.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB ((size_t)1 << 20)

static size_t wanted;
static pthread_t first;

static void *go_on(void *data)
{
	char *block = malloc(wanted);
	pthread_join(first, NULL);
	for (size_t i = 0; block && i < wanted; i += 4096) {
		((volatile char *)block)[i] = 1;
	}
	puts("touched");
	exit(block ? 0 : 1);
	return data;
}

int main(int argc, char **argv)
{
	pthread_t other;
	wanted = argc > 1 ? (size_t)atoi(argv[1]) * MIB : 0;
	first = pthread_self();
	if (pthread_create(&other, NULL, go_on, NULL) != 0) {
		return 1;
	}
	pthread_exit(NULL);
}
