// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Eight threads ask for 75 blocks of 2 MiB each, all at the same time, and keep what they get; in
 * so many rounds (the first argument). With a second argument they touch it. Tells the most blocks
 * of a round.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)2 << 20)
#define THREADS 8
#define BLOCKS 75

static pthread_barrier_t barrier;
static void *blocks[THREADS][BLOCKS];
static int rounds;
static int touches;

static void *ask(void *argument)
{
	void **mine = argument;
	for (int round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < BLOCKS; i++) {
			mine[i] = malloc(BLOCK_BYTES);
			if (mine[i] && touches) {
				memset(mine[i], 'x', BLOCK_BYTES);
			}
		}
		/* All have asked; then they are counted. */
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < BLOCKS; i++) {
			free(mine[i]);
		}
	}
	return NULL;
}

static int count(void)
{
	int given = 0;
	for (int i = 0; i < THREADS * BLOCKS; i++) {
		given += blocks[i / BLOCKS][i % BLOCKS] != NULL;
	}
	return given;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int most = 0;
	rounds = argc > 1 ? atoi(argv[1]) : 1;
	touches = argc > 2;
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, ask, blocks[i])) {
			return 2;
		}
	}
	for (int round = 0; round < rounds; round++) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		int given = count();
		most = given > most ? given : most;
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("%d\n", most);
	return 0;
}
