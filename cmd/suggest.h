// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The right word for a mistyped one. */
#ifndef CMD_SUGGEST_H
#define CMD_SUGGEST_H

/**
 * The name nearest to word by edit distance (insert, delete, replace, swap of neighbours), or NULL
 * if none is near: a third of the word's length at most, or word being the beginning of one name
 * only. names ends with NULL; the answer is one of its pointers.
 */
const char *suggest_nearest(const char *word, const char *const *names);

#endif
