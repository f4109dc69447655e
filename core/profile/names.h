// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Names for the frames of machine code, after the fact: a profile is collected with addresses, and
 * named when there is time, or where the debug files are.
 */
#ifndef CORE_PROFILE_NAMES_H
#define CORE_PROFILE_NAMES_H

#include "core/profile/profile.h"

struct names_request {
	/** As in struct collect_request. */
	const char *root;
	bool with_source;
	/** Folders with debug files, or with the modules themselves. */
	const char *const *folders;
	size_t folder_count;
};

struct names_count {
	/** Frames that had no line. */
	uint32_t asked;
	/** Of these, how many have got a function or a line that they did not have. */
	uint32_t named;
};

/**
 * Name what has no names yet, each module once. A function that was inlined becomes a frame of its
 * own, below the one it is in; frames of the C library below main and below threads are left out.
 * Consumes profile and returns another; without memory, or if there is nothing to name, the same
 * one.
 */
struct profile *names_find(struct profile *profile, const struct names_request *request,
			   struct names_count *ret_count);

#endif
