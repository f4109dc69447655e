// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Private memory of the hook: power-of-two pieces from mapped chunks. Under the slot's lock.
 */
#ifndef CORE_HOOK_POOL_H
#define CORE_HOOK_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_CLASSES 40

/** Zeroed: empty. */
struct pool {
	uint8_t *chunk;
	size_t chunk_left;
	/** Free pieces by log2 of their size; the next is in the first word. */
	void *free[POOL_CLASSES];
};

/** Zeroed memory of at least bytes, aligned to 64; NULL if there is none. */
void *pool_take(struct pool *pool, size_t bytes);

/** Give back what pool_take gave for bytes. */
void pool_give(struct pool *pool, void *memory, size_t bytes);

#endif
