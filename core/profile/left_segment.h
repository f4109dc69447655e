// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A segment that was kept in a file, read without its supervisor: while the run goes on, or when
 * everything about it is gone. What the supervisor knew is in the segment (core/shm/run_info.h);
 * how it ended is concluded from what is left.
 */
#ifndef CORE_PROFILE_LEFT_SEGMENT_H
#define CORE_PROFILE_LEFT_SEGMENT_H

#include "core/profile/profile.h"

#include <stdbool.h>

/** Whether a file begins as a segment does, of this or another version. Moves no position. */
bool left_segment_is_one(int fd);

/**
 * Make a profile of it. root is that of /proc, "" or a folder for tests. NULL with errno: EPROTO if
 * the segment is of another version or damaged beyond reading, ENOMEM, or what pread said.
 *
 * The verdict: VERDICT_RUNNING while the supervisor or the workload lives; what the supervisor
 * wrote if it saw the end; else VERDICT_LOST.
 */
struct profile *left_segment_read(int fd, const char *root, bool with_source);

#endif
