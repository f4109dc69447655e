// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The boxes of a flame graph: the stacks of a profile under one measure, merged into a tree.
 *
 * Two graphs: callers on top (the program's outermost frame is below the root, what allocated is
 * at the tips), and reversed (what allocated is below the root, its callers under it). Boxes too
 * small to be drawn are left out of the tree, their bytes stay in the boxes above them.
 *
 * Stacks may be 10,000 frames deep; a graph is not. With callers on top, a stack deeper than
 * FLAME_DEPTH_MAX keeps its outermost FLAME_HEAD and its innermost FLAME_TAIL frames, and between
 * them one elided box. Reversed, it keeps the innermost FLAME_DEPTH_MAX, and the box is at the tip.
 */
#ifndef CORE_REPORT_FLAME_H
#define CORE_REPORT_FLAME_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>

#define FLAME_DEPTH_MAX 128u
#define FLAME_HEAD 64u
#define FLAME_TAIL 32u

/** Values of flame_box.frame that are no frame of the profile. */
#define FLAME_ROOT UINT32_MAX
#define FLAME_ELIDED (UINT32_MAX - 1)

struct flame_box {
	uint32_t frame; /* of the profile, or FLAME_ROOT, FLAME_ELIDED */
	uint32_t parent;
	uint32_t first_child;   /* 0: none. Children are linked largest first */
	uint32_t next_sibling;  /* 0: none */
	uint32_t elided_frames; /* FLAME_ELIDED: the most frames that one of its stacks has there */
	uint32_t self_stacks;   /* stacks that end in it */
	uint64_t self_bytes;    /* of those */
	/* Of all stacks that go through it or end in it. */
	uint64_t bytes;
	uint64_t blocks;
};

struct flame {
	/** Box 0 is the root; a parent comes before its children. */
	struct flame_box *boxes;
	uint32_t count;
	uint32_t capacity;
	/** Stacks with bytes under this measure, and those of them whose last box is left out. */
	uint32_t stacks;
	uint32_t hidden_stacks;
	uint64_t hidden_bytes;
};

/**
 * Build the graph of the boxes of at least min_bytes (0 counts as 1). The same profile makes the
 * same graph. 0, or -1 with errno ENOMEM and nothing to release.
 */
int flame_build(struct flame *flame, const struct profile *profile, enum measure of, bool reversed,
		uint64_t min_bytes);

/** Leave out the smallest boxes so that at most max_boxes remain. 0, or -1 with errno ENOMEM. */
int flame_limit(struct flame *flame, uint32_t max_boxes);

void flame_done(struct flame *flame);

#endif
