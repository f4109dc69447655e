// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Space on a disk for a part of a segment, before it is written to.
 *
 * Writing to a mapped hole of a file is the moment when its file system looks for a block. If there
 * is none, the writer gets SIGBUS, which would end the workload because recording failed. Here the
 * kernel looks, and says no. Not for memfds: there is nothing to run out of but memory.
 */
#ifndef CORE_SHM_SPACE_H
#define CORE_SHM_SPACE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Give each page of a shared mapping a block, and fault it in; what is there stays as it is. The
 * bytes must be zero or nobody else's: before Linux 5.14 the first eight of each page are written
 * to. False if there is no space (or no memory); some of the pages may have theirs then.
 */
bool space_take(void *memory, size_t len);

/** How it is done before Linux 5.14, for tests. */
bool space_take_by_page(void *memory, size_t len);

#endif
