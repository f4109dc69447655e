// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Modules whose code has mapped memory itself: is that an allocator's, of which only the mappings
 * are known? Asked after the fact, as names are.
 */
#ifndef CORE_PROFILE_MAPPERS_H
#define CORE_PROFILE_MAPPERS_H

#include "core/profile/names.h"

/**
 * Look for the allocator in each module that has mapped some of the peak or of the end, unless that
 * is known, in the files that are there (request.folders included).
 */
void mappers_find(struct profile *profile, const struct names_request *request);

#endif
