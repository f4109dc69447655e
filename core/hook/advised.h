// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Memory for which the workload has advised huge pages, as far as it is not filled: only there a
 * fault may bring one. NumPy does that for every large array, and most of its memory is filled
 * most of the time; near the ceiling it matters much whether a fault brings 4 KiB or 2 MiB.
 */
#ifndef CORE_HOOK_ADVISED_H
#define CORE_HOOK_ADVISED_H

#include <stddef.h>
#include <stdint.h>

#define ADVISED_MAX 32
/** Bytes are not known: all that is touched may be in huge pages. */
#define ADVISED_UNKNOWN UINT64_MAX

struct advised {
	/** 1 while somebody is at the ranges. */
	uint32_t is_taken;
	/** There was a range. */
	uint32_t is_used;
	/** There were more than can be known: unknown from then on. */
	uint32_t is_overfull;
	uint32_t count;
	struct {
		uintptr_t start;
		uintptr_t end;
	} ranges[ADVISED_MAX];
};

/** Huge pages were advised for a range, or it was emptied again. */
void advised_add(uintptr_t start, size_t bytes);

/**
 * How many bytes of it are not filled, at most; ADVISED_UNKNOWN if that cannot be told now. Looks
 * at a few pages at a call; what was seen filled, or unmapped, is forgotten. Any context.
 */
uint64_t advised_untouched(void);

#endif
