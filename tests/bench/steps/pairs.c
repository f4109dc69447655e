// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Pairs of free and malloc: so many (argument 3) in all, in each of so many threads (argument 4),
 * from a stack of so many frames (argument 1), among so many live blocks (argument 2). Prints the
 * nanoseconds of CPU that one pair takes.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct churn {
	int depth;
	long live;
	long pairs;
	uint64_t state;
	void **blocks;
	double ns;
};

static double cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static __attribute__((noinline)) void replace(struct churn *churn)
{
	churn->state ^= churn->state << 13;
	churn->state ^= churn->state >> 7;
	churn->state ^= churn->state << 17;
	void **place = &churn->blocks[churn->state % (uint64_t)churn->live];
	free(*place);
	*place = malloc(16 + (churn->state >> 32) % 256);
}

static __attribute__((noinline)) void replace_at(struct churn *churn, int depth)
{
	if (depth > 0) {
		replace_at(churn, depth - 1);
		__asm__ volatile("");
		return;
	}
	double start = cpu_ns();
	for (long i = 0; i < churn->pairs; i++) {
		replace(churn);
	}
	churn->ns = (cpu_ns() - start) / (double)churn->pairs;
}

static void *run(void *argument)
{
	struct churn *churn = argument;
	/* main, what calls main or starts the thread, this function and replace have theirs. */
	replace_at(churn, churn->depth - 6);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: pairs DEPTH LIVE PAIRS THREADS\n");
		return 2;
	}
	int count = atoi(argv[4]);
	struct churn churns[count];
	pthread_t threads[count];
	double ns = 0;
	for (int i = 0; i < count; i++) {
		churns[i] = (struct churn){ atoi(argv[1]), atol(argv[2]), atol(argv[3]) / count,
					    88172645463325252u + (uint64_t)i,
					    calloc((size_t)atol(argv[2]), sizeof(void *)), 0 };
	}
	for (int i = 1; i < count; i++) {
		pthread_create(&threads[i], NULL, run, &churns[i]);
	}
	run(&churns[0]);
	for (int i = 0; i < count; i++) {
		if (i) {
			pthread_join(threads[i], NULL);
		}
		ns += churns[i].ns / count;
	}
	printf("%.1f\n", ns);
	return 0;
}
