// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/pool.h"

#include "core/base/sys.h"

#include <string.h>

#define CHUNK_BYTES ((size_t)64 << 10)
#define PIECE_MIN_SHIFT 6

static unsigned piece_class(size_t bytes)
{
	unsigned shift = PIECE_MIN_SHIFT;
	while (((size_t)1 << shift) < bytes) {
		shift++;
	}
	return shift;
}

void *pool_take(struct pool *pool, size_t bytes)
{
	unsigned class = piece_class(bytes);
	size_t size = (size_t)1 << class;
	void **piece = pool->free[class];
	if (piece) {
		pool->free[class] = *piece;
		memset(piece, 0, size);
		return piece;
	}
	if (size > CHUNK_BYTES / 4) {
		return sys_map_private(size);
	}
	if (pool->chunk_left < size) {
		/* What is left of the old chunk is given up: less than a quarter of it. */
		uint8_t *chunk = sys_map_private(CHUNK_BYTES);
		if (!chunk) {
			return NULL;
		}
		pool->chunk = chunk;
		pool->chunk_left = CHUNK_BYTES;
	}
	uint8_t *memory = pool->chunk;
	pool->chunk += size;
	pool->chunk_left -= size;
	return memory;
}

void pool_give(struct pool *pool, void *memory, size_t bytes)
{
	unsigned class = piece_class(bytes);
	if (((size_t)1 << class) > CHUNK_BYTES / 4) {
		sys_munmap(memory, (size_t)1 << class);
		return;
	}
	*(void **)memory = pool->free[class];
	pool->free[class] = memory;
}
