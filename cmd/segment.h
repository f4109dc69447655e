// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* --segment=FILE: what was recorded outlives a container that the kernel kills as a whole. */
#ifndef CMD_SEGMENT_H
#define CMD_SEGMENT_H

#include "cmd/program.h"

#include <sys/types.h>

/**
 * Make room for a new segment of this name. One that an earlier run has left, which may be the only
 * trace of how that ended, is renamed to NAME.previous and this is said; anything else of value
 * that is in the way is a refusal. 0, or -1 with *ret_refusal filled.
 */
int segment_make_room(const char *name, struct refusal *ret_refusal);

/**
 * Say what it means if the kernel kills a whole group of processes, of which pid is one (0: we
 * are), for lack of memory, and what to do about it. segment is the option's value or NULL; folder
 * that of the run if pictures are taken in advance, else NULL; root as in core/host/proc.h.
 */
void segment_say_who_dies(const char *root, pid_t pid, const char *segment, const char *folder);

#endif
