// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/suggest.h"

#include <stddef.h>
#include <string.h>

/* Longer words are compared by their beginning: no name of ours is that long. */
#define WORD_MAX 48u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance, three rows of the matrix at a time. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned a_len = (unsigned)strnlen(a, WORD_MAX), b_len = (unsigned)strnlen(b, WORD_MAX);

	for (unsigned j = 0; j <= b_len; j++) {
		rows[0][j] = j;
	}
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3],
			 *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned replace = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(replace, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[j] = least(row[j], above2[j - 2] + 1);
			}
		}
	}
	return rows[a_len % 3][b_len];
}

/* The one name that begins with word. */
static const char *only_completion(const char *word, const char *const *names)
{
	const char *found = NULL;
	size_t len = strlen(word);

	for (; *names; names++) {
		if (strncmp(*names, word, len) != 0) {
			continue;
		}
		if (found) {
			return NULL;
		}
		found = *names;
	}
	return found;
}

const char *suggest_nearest(const char *word, const char *const *names)
{
	size_t len = strnlen(word, WORD_MAX);
	unsigned bound = (len < 4 ? 1 : (unsigned)len / 3) + 1;
	const char *nearest;

	if (len < 2) {
		return NULL;
	}
	nearest = only_completion(word, names);
	if (nearest) {
		return nearest;
	}
	for (; *names; names++) {
		unsigned distance = edit_distance(word, *names);
		if (distance < bound) {
			bound = distance;
			nearest = *names;
		}
	}
	return nearest;
}
