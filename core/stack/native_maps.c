// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_maps.h"

#include "core/base/atomic.h"

#include <stddef.h>

#define PROBES 16u

static uintptr_t home_of(uintptr_t map)
{
	return map * 0x9e3779b97f4a7c15u >> 54;
}
_Static_assert(NATIVE_MAPS == 1u << (64 - 54), "all places are used");

/** Index of a place by the order in which they are tried. */
static size_t place_of(uintptr_t map, unsigned probe)
{
	return (home_of(map) + probe) % NATIVE_MAPS;
}

void native_maps_add(struct native_maps *maps, const void *map)
{
	uintptr_t wanted = (uintptr_t)map;
	for (unsigned probe = 0; probe < PROBES; probe++) {
		uintptr_t *place = &maps->maps[place_of(wanted, probe)];
		uintptr_t have = load_relaxed(place);
		if (have == wanted || (have == 0 && cas_acq_rel(place, &have, wanted))
		    || have == wanted) {
			return;
		}
	}
	store_relaxed(&maps->is_full, 1);
}

bool native_maps_have(const struct native_maps *maps, const void *map)
{
	uintptr_t wanted = (uintptr_t)map;
	bool have = load_relaxed(&maps->is_full) != 0;
	for (unsigned probe = 0; !have && probe < PROBES; probe++) {
		have = load_relaxed(&maps->maps[place_of(wanted, probe)]) == wanted;
	}
	return have;
}

void native_maps_clear(struct native_maps *maps)
{
	for (size_t i = 0; i < NATIVE_MAPS; i++) {
		store_relaxed(&maps->maps[i], 0);
	}
	store_relaxed(&maps->is_full, 0);
}
