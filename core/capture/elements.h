// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From the elements of a capture's sections to a profile, each checked before it is kept.
 *
 * Elements come in blocks as they are read. What is wrong is remembered once, in words, and reading
 * goes on: a section whose checksum turns out wrong has a better reason to be refused.
 */
#ifndef CORE_CAPTURE_ELEMENTS_H
#define CORE_CAPTURE_ELEMENTS_H

#include "core/capture/format.h"
#include "core/profile/profile.h"

struct elements {
	struct profile *profile;
	uint32_t capacity; /* of the array of the section that is being read */
	/**
	 * Column in the values of an entry of each member of profile_entry, in its order; -1: none.
	 */
	int columns[6];
	uint32_t value_types;
	/** The first thing that is wrong; "" if nothing is. */
	char problem[160];
	bool no_memory;
};

/** Take count elements of element_bytes each. */
typedef void elements_take(struct elements *elements, const char *block, uint32_t element_bytes,
			   uint64_t count);

struct element_section {
	const char *tag;
	uint32_t element_bytes_min;
	bool required;
	elements_take *take;
};

/**
 * Sections that this version knows; ends with a NULL tag. A required one comes before the others.
 */
extern const struct element_section element_sections[];

/** Check what goes across sections, when all have been taken. Sets problem. */
void elements_check(struct elements *elements);

#endif
