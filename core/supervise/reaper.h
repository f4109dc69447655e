// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The duty of a process to which orphans are given: to wait for them. */
#ifndef CORE_SUPERVISE_REAPER_H
#define CORE_SUPERVISE_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * True if orphans become our children: as process 1, or if whoever executed us had asked for it.
 */
bool reaper_is_needed(void);

/**
 * Wait for all children that have ended, except the workload and the witness, whose ends are
 * noticed elsewhere, and processes of our own program: those are the supervisor's caller's, who
 * waits for them. True if one of the caller's has ended.
 */
bool reaper_reap(const char *proc_root, pid_t workload, pid_t witness);

#endif
