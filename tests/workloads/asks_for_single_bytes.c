// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Asks for blocks of one byte until one is refused, and gives them back; then for a million blocks
 * that it has made larger and smaller before it gives them back, one after the other; then for
 * single bytes again. Tells how many it got the first and the second time.
 */
#include <stdio.h>
#include <stdlib.h>

#define MOST 4000000
#define TURNS 1000000

static void *blocks[MOST];

static int take_all(void)
{
	int count = 0;
	while (count < MOST && (blocks[count] = malloc(1))) {
		count++;
	}
	for (int i = 0; i < count; i++) {
		free(blocks[i]);
	}
	return count;
}

static void resize(int turn)
{
	void *p = malloc(1);
	void *larger = realloc(p, 33);
	void *smaller = realloc(larger, 2);
	if (turn % 2) {
		free(smaller);
	} else {
		/* Frees it, in the C library that we test with. */
		p = realloc(smaller, 0);
	}
}

int main(void)
{
	int first = take_all();
	for (int i = 0; i < TURNS; i++) {
		resize(i);
	}
	printf("%d %d\n", first, take_all());
	return 0;
}
