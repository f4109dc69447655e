// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#ifndef CORE_HOOK_TARGET_H
#define CORE_HOOK_TARGET_H

#include <stdbool.h>

/**
 * True if the program at path is, or a script's interpreter is, statically linked: it has no loader
 * that would load the hook, and would hand our variables to its children. False also if it cannot
 * be read. A few system calls, under 600 bytes of stack; no lock.
 */
bool target_is_static(const char *path);

/** The same of an open file. */
bool target_fd_is_static(int fd);

#endif
