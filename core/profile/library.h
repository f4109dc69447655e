// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Which source files are Python's own or installed, rather than the user's: told by their path. */
#ifndef CORE_PROFILE_LIBRARY_H
#define CORE_PROFILE_LIBRARY_H

#include <stdbool.h>

/**
 * What follows site-packages, dist-packages or the folder of Python's own library in a path; NULL
 * if it lies in none of them. Points into file.
 */
const char *library_path(const char *file);

/** True for a module that is frozen into the interpreter: it has no file. */
bool library_is_frozen(const char *file);

#endif
