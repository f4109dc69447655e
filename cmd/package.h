// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The Python package filprofiler, which travels in the tool as a zip file and is imported from
 * there: a memfd that PYTHONPATH names.
 */
#ifndef CMD_PACKAGE_H
#define CMD_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

/** First byte of the zip file, and one past its last. */
extern const unsigned char package_image[];
extern const unsigned char package_image_end[];

/**
 * Put the zip file into memory that other processes can open while this one lives, and its path
 * (/proc/PID/fd/N) into path. Returns the descriptor, closed on exec unless is_inherited (then the
 * path is the same in the program that this process becomes), or -1 with errno.
 */
int package_open(char *path, size_t size, bool is_inherited);

/**
 * "PYTHONPATH=" with that path before what the environment's own has: malloc'ed, NULL without
 * memory.
 */
char *package_variable(const char *path, char *const *environment);

#endif
