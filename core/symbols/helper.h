// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Programs that the reader of symbols has work done by, if they are installed: looked for on PATH,
 * with nothing on their stderr. To be called in a process that has bounds on its time and memory,
 * which they inherit.
 */
#ifndef CORE_SYMBOLS_HELPER_H
#define CORE_SYMBOLS_HELPER_H

#include <stddef.h>
#include <sys/types.h>

/**
 * What a program writes, cut at size - 1 bytes and terminated. Its length; -1 if it cannot be run
 * or fails.
 */
ssize_t helper_answer(char *const *argv, char *text, size_t size);

/**
 * Give len bytes to a program's stdin; a file in memory with what it writes. -1 if it cannot be
 * run, fails, or writes more than 256 MiB.
 */
int helper_filter(char *const *argv, const void *bytes, size_t len);

#endif
