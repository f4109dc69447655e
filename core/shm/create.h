// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Making a segment: its size and its first content. Called by the supervisor, before the workload
 * starts; the file, its seals and its mappings are the supervisor's (core/supervise/passing.h).
 */
#ifndef CORE_SHM_CREATE_H
#define CORE_SHM_CREATE_H

#include "core/shm/segment.h"

/** Wanted size of the file. It is sparse: what is not written costs nothing. */
#define SEGMENT_SIZE_MAX ((uint64_t)64 << 30)
/** The same of one that is kept: it may be copied by what knows no sparse files. */
#define SEGMENT_SIZE_KEPT ((uint64_t)8 << 30)
/** Below this there is no room for stacks and blocks that would be worth it. */
#define SEGMENT_SIZE_MIN (SEGMENT_EXTENTS_OFFSET + ((uint64_t)16 << 20))

/**
 * Give an empty file the largest size that it may have: wanted bytes, or less where a limit
 * (RLIMIT_FSIZE, the file system) refuses that. The caller ignores SIGXFSZ meanwhile. Returns the
 * size; 0 with *ret_errno set if not even SEGMENT_SIZE_MIN was granted.
 */
uint64_t segment_set_size(int fd, uint64_t wanted, int *ret_errno);

/**
 * Write the first content into the mapped header page and the mapped head of slot 0, both zero:
 * an empty segment with slot 0 free. The magic is written last.
 */
void segment_init(struct segment_header *header, struct slot *slot, uint64_t size_bytes);

/** Reserve slot 0 for a process that is about to run its first image; pid as it sees itself. */
void segment_expect(struct segment_header *header, struct slot *slot, uint32_t pid);

#endif
