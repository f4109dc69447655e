// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Allocates, resizes and frees at random in every way there is, keeps its own account of the bytes
 * it holds, and compares that with what the hook says is live: at half, and at the end. Status 1 if
 * they differ. Without the hook there is nothing to compare.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACES 4000u
#define OPERATIONS 1000000u
#define CONTROL_LIVE_BYTES 2u

extern long fil_control(unsigned operation, void *argument) __attribute__((weak));

struct place {
	void *block;
	size_t bytes;
};

static struct place places[PLACES];
static uint64_t state = 88172645463325252u;
static long held;

/** xorshift64: the same sequence in every run. */
static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/** Mostly small, sometimes what a malloc serves by a mapping of its own. */
static size_t random_size(void)
{
	uint64_t random = next_random();
	size_t most = random % 64 == 0 ? 400000 : random % 8 == 0 ? 6000 : 250;
	return (size_t)(random >> 20) % most;
}

static void *allocate(size_t bytes)
{
	void *block = NULL;
	switch (next_random() % 5) {
	case 0:
		return calloc(bytes, 1);
	case 1:
		return posix_memalign(&block, 256, bytes) == 0 ? block : NULL;
	case 2:
		return aligned_alloc(16, (bytes + 15) & ~(size_t)15);
	default:
		return malloc(bytes);
	}
}

static void replace(struct place *place)
{
	free(place->block);
	held -= (long)place->bytes;
	place->bytes = random_size() & ~(size_t)15;
	place->block = allocate(place->bytes);
	held += (long)place->bytes;
}

static void resize(struct place *place)
{
	size_t bytes = random_size() + 1;
	void *moved = realloc(place->block, bytes);
	if (moved) {
		held += (long)bytes - (long)place->bytes;
		*place = (struct place){ moved, bytes };
	}
}

/** A realloc that is refused must leave everything as it is. */
static void resize_in_vain(struct place *place)
{
	volatile size_t too_much = SIZE_MAX / 4;
	if (place->block && realloc(place->block, too_much)) {
		abort();
	}
}

static void churn(void)
{
	for (unsigned i = 0; i < OPERATIONS; i++) {
		struct place *place = &places[next_random() % PLACES];
		uint64_t choice = next_random() % 1024;
		if (choice == 0) {
			resize_in_vain(place);
		} else if (choice < 300) {
			resize(place);
		} else {
			replace(place);
		}
	}
}

static int compare(const char *when, long before)
{
	long live = fil_control(CONTROL_LIVE_BYTES, NULL) - before;
	if (live != held) {
		fprintf(stderr, "%s: %ld bytes are held, %ld are live\n", when, held, live);
		return 1;
	}
	return 0;
}

int main(void)
{
	long before = fil_control ? fil_control(CONTROL_LIVE_BYTES, NULL) : 0;
	int status = 0;
	churn();
	if (fil_control) {
		status = compare("at half", before);
	}
	churn();
	for (unsigned i = 0; i < PLACES; i++) {
		free(places[i].block);
		held -= (long)places[i].bytes;
	}
	if (fil_control) {
		status |= compare("at the end", before);
	}
	return status;
}
