// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Between the parts of the flame graph's builder: core/report/flame*.c, nobody else. */
#ifndef CORE_REPORT_FLAME_BUILD_H
#define CORE_REPORT_FLAME_BUILD_H

#include "core/report/flame.h"

/** What both builders work from. */
struct flame_source {
	const struct profile *profile;
	enum measure of;
	uint64_t min_bytes;
	/** Per node of the profile: the number of frames from it to the root. */
	uint32_t *depth;
};

/** Append a box below parent, without bytes. Its number, or 0 with errno ENOMEM. */
uint32_t flame_add_box(struct flame *flame, uint32_t parent, uint32_t frame);

/** The parent of a node, 0 for what a damaged profile would give. */
static inline uint32_t flame_parent_node(const struct profile *profile, uint32_t node)
{
	uint32_t parent = profile->nodes[node].parent;
	return parent < node ? parent : 0;
}

/**
 * Fill a flame that has only its root: boxes with self_stacks and self_bytes, and with bytes and
 * blocks of the stacks that end in them. Neither summed, sorted nor pruned. A stack that ends in a
 * box that is too small may be in the box above, and counted as hidden. 0, or -1 with errno.
 */
int flame_build_down(struct flame *flame, const struct flame_source *source);
int flame_build_up(struct flame *flame, const struct flame_source *source);

#endif
