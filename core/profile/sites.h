// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Call sites: memory by the line to look at, one per stack.
 *
 * That line is the innermost frame of the user's own code; in a stack without any the innermost
 * one of a library, else of whatever there is. Own is what is neither Python's, nor installed, nor
 * generated while it ran, nor a wrapper of malloc, nor inside an allocator; "<string>" and
 * "<stdin>" are own where a stack begins with them.
 */
#ifndef CORE_PROFILE_SITES_H
#define CORE_PROFILE_SITES_H

#include "core/profile/profile.h"

/** All stacks that are to be looked at in one frame. */
struct site {
	uint32_t frame;
	uint64_t bytes;
	uint64_t blocks;
};

/**
 * The call sites that hold anything under a measure, largest first (ties by frame). The array is
 * the caller's to free; NULL with errno ENOMEM.
 */
struct site *sites_collect(const struct profile *profile, enum measure of, uint32_t *ret_count);

#endif
