// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A profile as people read it: frames that say the same are one, and so are the stacks that they
 * tell apart. Machine code has a frame for each address of which no line is known; two calls in one
 * function then read alike. Captures, and formats that have addresses, are written from the whole.
 */
#ifndef CORE_PROFILE_SHOWN_H
#define CORE_PROFILE_SHOWN_H

#include "core/profile/profile.h"

struct shown {
	/** All that is known; the caller's, and outlives this. */
	const struct profile *whole;
	/**
	 * To be read. Its nodes have only the first of the frames that say the same (file,
	 * function, line, and whether it is a label); the others are still there, in no stack.
	 * Nodes, entries and threads may be its own, all else belongs to whole.
	 */
	struct profile profile;
};

/** 0, or -1 with errno ENOMEM and nothing to release. */
int shown_init(struct shown *shown, const struct profile *whole);

void shown_done(struct shown *shown);

#endif
