// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Whether a process still runs a program that has our hook in it, and with whose rights. A program
 * that was executed in place, and could not load the hook, has none of the segment's memory: what
 * the segment says is not its own.
 */
#ifndef CORE_SUPERVISE_PROGRAM_H
#define CORE_SUPERVISE_PROGRAM_H

#include "core/supervise/supervise.h"

#include <stdbool.h>
#include <sys/types.h>

/** How a line of /proc/PID/maps shows the segment: device and inode. */
struct program_mark {
	char text[64];
};

/** False if the segment's file cannot be looked at. */
bool program_mark(int segment_fd, struct program_mark *ret_mark);

/** True if the process has the segment mapped. */
bool program_maps(const char *proc_root, pid_t pid, const struct program_mark *mark);

/** The workload has ended, and is about to be waited for: keep what supervise_rights reads. */
void program_keep_status(struct supervisor *s);

#endif
