// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Whether the hook is to stand in front of C++'s operators new and delete (core/hook/operators.c):
 * only where an allocator is in sight that serves them without malloc.
 */
#ifndef CMD_OPERATORS_H
#define CMD_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * True if the program is linked to jemalloc, tcmalloc or mimalloc as a shared library, or preload
 * (LD_PRELOAD's value; NULL: none) names one. Reads the file at program; of a script only preload
 * tells.
 */
bool operators_are_wanted(const char *program, const char *preload);

/**
 * A copy of the hook's image that does not define them: to be freed. NULL with errno ENOMEM; EINVAL
 * if the image is none.
 */
void *operators_hide(const void *image, size_t bytes);

#endif
