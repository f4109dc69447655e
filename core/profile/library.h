// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What is Python's own, the system's or installed, rather than the user's: told by paths. */
#ifndef CORE_PROFILE_LIBRARY_H
#define CORE_PROFILE_LIBRARY_H

#include "core/profile/profile.h"

#include <stdbool.h>

/**
 * What follows site-packages, dist-packages or the folder of Python's own library in a path; NULL
 * if it lies in none of them. Points into file.
 */
const char *library_path(const char *file);

/** True for a module that is frozen into the interpreter: it has no file. */
bool library_is_frozen(const char *file);

/**
 * True for a frame of an installed package, of Python itself, or of the system. Machine code is
 * that if its module is the interpreter, is installed as part of a package, or lies in a folder of
 * the system and is not the program that was run; and if its source is the system's (headers of
 * C++) or that of a package which was compiled in (Rust).
 */
bool library_has_frame(const struct profile *profile, const struct profile_frame *frame);

/**
 * True for the name of a function with which an allocator begins that is part of the program: what
 * it calls is its own, whatever its name.
 */
bool library_begins_allocator(const char *function);

/** True for the name of a function that passes requests for memory on: "zmalloc", "palloc". */
bool library_is_allocator(const char *function);

#endif
