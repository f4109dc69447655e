// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Four threads that allocate, grow, map and free for ever (or as often as the argument says), and
 * hand blocks to each other to free.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define BLOCKS 500
#define SHARED 64
#define THREADS 4

static void *shared[SHARED];
static long rounds = -1;

static void step(void **blocks, unsigned random)
{
	unsigned k = (random >> 8) % BLOCKS;
	switch (random >> 28) {
	case 0: {
		size_t bytes = 4096 * (1 + (random >> 4) % 16);
		char *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
		if (m != MAP_FAILED) {
			/* Each page once: in between the gap may be another thread's. */
			size_t half = bytes / 2 / 4096 * 4096;
			munmap(m + half, bytes - half);
			munmap(m, half);
		}
		break;
	}
	case 1:
		blocks[k] =
			__atomic_exchange_n(&shared[random % SHARED], blocks[k], __ATOMIC_ACQ_REL);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		free(blocks[k]);
		blocks[k] = NULL;
		break;
	default:
		blocks[k] = realloc(blocks[k], 1 + (random >> 10) % 3000);
	}
}

static void *churn(void *seed)
{
	unsigned random = (unsigned)(size_t)seed * 2654435761u;
	void *blocks[BLOCKS] = { 0 };
	for (long i = 0; rounds < 0 || i < rounds; i++) {
		random = random * 1103515245 + 12345;
		step(blocks, random);
	}
	for (int i = 0; i < BLOCKS; i++) {
		free(blocks[i]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	if (argc > 1) {
		rounds = atol(argv[1]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < SHARED; i++) {
		free(shared[i]);
	}
	return 0;
}
