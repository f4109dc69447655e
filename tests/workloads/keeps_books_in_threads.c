// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Threads that allocate and free at the same time, far below an earlier peak, and hand blocks to
 * each other; in between all hold what is known: more than ever before at the second of three
 * rounds. Compares that with what the hook says is live and was the peak. Status 1 if they differ.
 * Argument: how often each thread replaces a block in a round; without one, for ever, and without
 * peaks. Without the hook there is nothing to compare.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 3
#define PLACES 500u
#define HANDED 64u
#define ROUNDS 3
#define LARGEST 400u
#define CONTROL_RUN_USAGE 12u

extern long fil_control(unsigned operation, void *argument) __attribute__((weak));

struct usage {
	uint64_t live_bytes;
	uint64_t peak_bytes;
	uint64_t refused_bytes;
	uint64_t refusals;
};

/** A block says itself how large it is, for whoever frees it. */
struct block {
	size_t bytes;
};

struct worker {
	pthread_t thread;
	uint64_t state;
	struct block *places[PLACES];
	void *much;
	/** What it has allocated less what it has freed. */
	int64_t bytes;
};

static struct worker workers[THREADS];
static struct block *handed[HANDED];
static pthread_barrier_t barrier;
static long operations;
/** What each thread holds besides in each round. */
static const size_t much[ROUNDS] = { 300000, 500000, 400000 };

/** xorshift64. */
static uint64_t next_random(struct worker *worker)
{
	worker->state ^= worker->state << 13;
	worker->state ^= worker->state >> 7;
	worker->state ^= worker->state << 17;
	return worker->state;
}

static struct block *make(struct worker *worker, size_t bytes)
{
	struct block *block = malloc(bytes);
	if (!block) {
		abort();
	}
	block->bytes = bytes;
	worker->bytes += (int64_t)bytes;
	return block;
}

static void drop(struct worker *worker, struct block *block)
{
	worker->bytes -= block ? (int64_t)block->bytes : 0;
	free(block);
}

static __attribute__((noinline)) void replace(struct worker *worker)
{
	uint64_t random = next_random(worker);
	struct block **place = &worker->places[random % PLACES];
	size_t bytes = sizeof(struct block) + (random >> 20) % LARGEST;
	if (random >> 58 == 0) {
		/* Whoever takes it frees it. */
		*place = __atomic_exchange_n(&handed[(random >> 40) % HANDED], *place,
					     __ATOMIC_ACQ_REL);
	} else if (*place && random >> 58 == 1) {
		size_t before = (*place)->bytes;
		*place = realloc(*place, bytes);
		if (!*place) {
			abort();
		}
		(*place)->bytes = bytes;
		worker->bytes += (int64_t)bytes - (int64_t)before;
	} else {
		drop(worker, *place);
		*place = make(worker, bytes);
	}
}

static __attribute__((noinline)) void churn(struct worker *worker)
{
	for (long i = 0; operations == 0 || i < operations; i++) {
		replace(worker);
	}
}

static void drop_all(struct worker *worker)
{
	for (unsigned i = 0; i < PLACES; i++) {
		drop(worker, worker->places[i]);
		worker->places[i] = NULL;
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	for (int round = 0; round < ROUNDS; round++) {
		worker->much = malloc(much[round]);
		pthread_barrier_wait(&barrier);
		/* The main thread compares. */
		pthread_barrier_wait(&barrier);
		free(worker->much);
		churn(worker);
		/* More than the next round adds is gone before it comes. */
		drop_all(worker);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static int compare(const char *what, int round, int64_t is, int64_t wanted)
{
	if (is != wanted) {
		fprintf(stderr, "round %d: %s is %lld, not %lld\n", round, what, (long long)is,
			(long long)wanted);
		return 1;
	}
	return 0;
}

static struct usage usage(void)
{
	struct usage usage = { 0 };
	if (fil_control) {
		fil_control(CONTROL_RUN_USAGE, &usage);
	}
	return usage;
}

/** While all hold as much as they will in a round. */
static int check_rounds(void)
{
	int status = 0;
	int64_t besides = 0;
	int64_t peak = 0;
	for (int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&barrier);
		struct usage now = usage();
		int64_t held = (int64_t)(THREADS * much[round]);
		for (unsigned i = 0; i < THREADS; i++) {
			held += workers[i].bytes;
		}
		if (round == 0) {
			/* Threads take something themselves. */
			besides = (int64_t)now.live_bytes - held;
		}
		peak = besides + held > peak ? besides + held : peak;
		if (fil_control) {
			status |= compare("live", round, (int64_t)now.live_bytes, besides + held);
			status |= compare("the peak", round, (int64_t)now.peak_bytes, peak);
		}
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return status;
}

int main(int argc, char **argv)
{
	operations = argc > 1 ? atol(argv[1]) : 0;
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].state = 88172645463325252u + i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
			abort();
		}
	}
	int status = check_rounds();
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
	}
	for (unsigned i = 0; i < HANDED; i++) {
		free(handed[i]);
	}
	return status;
}
