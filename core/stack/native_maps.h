// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The objects that something is remembered of, by the address of the loader's record of each (its
 * struct link_map): when that is freed, the object is gone, and whatever is remembered with it.
 *
 * Any thread, no locks. What is added may be found though it has been removed, never the other way
 * round.
 */
#ifndef CORE_STACK_NATIVE_MAPS_H
#define CORE_STACK_NATIVE_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#define NATIVE_MAPS 1024u

/** Zeroed: empty. */
struct native_maps {
	/** Open addressing; 0: free. */
	uintptr_t maps[NATIVE_MAPS];
	/** There was no place for one: each may be in it. */
	uint32_t is_full;
};

void native_maps_add(struct native_maps *maps, const void *map);

bool native_maps_have(const struct native_maps *maps, const void *map);

void native_maps_clear(struct native_maps *maps);

#endif
