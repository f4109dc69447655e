// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * malloc and free in C: each of so many threads (argument 1) keeps 20,000 blocks of 16 to 271 bytes
 * alive and replaces them at random, ten million times together, from a stack of seven frames.
 */
#include "used.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIVE 20000
#define PAIRS 10000000

struct churn {
	uint64_t state;
	long pairs;
	void *blocks[LIVE];
};

static uint64_t next_random(struct churn *churn)
{
	churn->state ^= churn->state << 13;
	churn->state ^= churn->state >> 7;
	churn->state ^= churn->state << 17;
	return churn->state;
}

static __attribute__((noinline)) void replace(struct churn *churn)
{
	uint64_t random = next_random(churn);
	void **place = &churn->blocks[random % LIVE];
	free(*place);
	*place = malloc(16 + (random >> 32) % 256);
	memset(*place, 1, 16);
}

static __attribute__((noinline)) void replace_many(struct churn *churn, int depth)
{
	if (depth) {
		replace_many(churn, depth - 1);
		__asm__ volatile("");
		return;
	}
	for (long i = 0; i < churn->pairs; i++) {
		replace(churn);
	}
}

static void *run(void *argument)
{
	replace_many(argument, 4);
	return NULL;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t threads[count];
	struct churn *churns = calloc((size_t)count, sizeof(*churns));
	for (int i = 0; i < count; i++) {
		churns[i].state = 88172645463325252u + (uint64_t)i;
		churns[i].pairs = PAIRS / count;
		pthread_create(&threads[i], NULL, run, &churns[i]);
	}
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
	}
	write_used();
	return 0;
}
