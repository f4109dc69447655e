// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Building goes: depths of the profile's nodes -> boxes (flame_down.c or flame_up.c) -> sums ->
 * pruning -> order. All linear but for sorting.
 */

#include "core/report/flame.h"

#include "core/host/sort.h"
#include "core/report/flame_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t flame_add_box(struct flame *flame, uint32_t parent, uint32_t frame)
{
	if (flame->count == flame->capacity) {
		uint32_t capacity = flame->capacity ? flame->capacity * 2 : 256;
		void *boxes = realloc(flame->boxes, (size_t)capacity * sizeof(*flame->boxes));
		if (!boxes) {
			errno = ENOMEM;
			return 0;
		}
		flame->boxes = boxes;
		flame->capacity = capacity;
	}
	flame->boxes[flame->count] = (struct flame_box){ .frame = frame, .parent = parent };
	return flame->count++;
}

static uint32_t *node_depths(const struct profile *profile)
{
	uint32_t *depth = calloc((size_t)profile->node_count + 1, sizeof(*depth));
	if (depth) {
		for (uint32_t i = 1; i < profile->node_count; i++) {
			depth[i] = depth[flame_parent_node(profile, i)] + 1;
		}
	}
	return depth;
}

static void sum_upwards(struct flame *flame)
{
	for (uint32_t i = flame->count - 1; i > 0; i--) {
		struct flame_box *box = &flame->boxes[i];
		flame->boxes[box->parent].bytes += box->bytes;
		flame->boxes[box->parent].blocks += box->blocks;
	}
}

static void count_stacks(struct flame *flame)
{
	for (uint32_t i = 0; i < flame->count; i++) {
		flame->stacks += flame->boxes[i].self_stacks;
	}
}

/* Leave out the boxes below min_bytes. A box never has more than its parent: no orphans. */
static int prune(struct flame *flame, uint64_t min_bytes)
{
	uint32_t *moved = calloc(flame->count, sizeof(*moved));
	if (!moved) {
		return -1;
	}
	uint32_t kept = 1;
	for (uint32_t i = 1; i < flame->count; i++) {
		struct flame_box *box = &flame->boxes[i];
		if (box->bytes < min_bytes) {
			flame->hidden_stacks += box->self_stacks;
			flame->hidden_bytes += box->self_bytes;
			continue;
		}
		moved[i] = kept;
		box->parent = moved[box->parent];
		flame->boxes[kept++] = *box;
	}
	flame->count = kept;
	free(moved);
	return 0;
}

/** Twice as many pairs as there are boxes, room for sorting them; NULL without memory. */
static struct sort_pair *pairs_new(const struct flame *flame)
{
	return malloc((size_t)flame->count * 2 * sizeof(struct sort_pair));
}

/* Link children to their parents, largest first, equal ones by frame. */
static int link_children(struct flame *flame)
{
	struct flame_box *boxes = flame->boxes;
	struct sort_pair *order = pairs_new(flame);
	if (!order) {
		return -1;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		order[i] = (struct sort_pair){ ~boxes[i].frame, i };
		boxes[i].first_child = boxes[i].next_sibling = 0;
	}
	sort_pairs(order, flame->count, order + flame->count);
	for (uint32_t i = 0; i < flame->count; i++) {
		order[i].key = boxes[order[i].value].bytes;
	}
	sort_pairs(order, flame->count, order + flame->count);
	/* Each becomes the first child: the one that is to be first comes last. */
	for (uint32_t i = 0; i < flame->count; i++) {
		uint32_t number = order[i].value;
		struct flame_box *parent = &boxes[boxes[number].parent];
		if (number) {
			boxes[number].next_sibling = parent->first_child;
			parent->first_child = number;
		}
	}
	free(order);
	return 0;
}

int flame_build(struct flame *flame, const struct profile *profile, enum measure of, bool reversed,
		uint64_t min_bytes)
{
	*flame = (struct flame){ 0 };
	flame_add_box(flame, 0, FLAME_ROOT);
	struct flame_source source = {
		.profile = profile,
		.of = of,
		.min_bytes = min_bytes ? min_bytes : 1,
		.depth = node_depths(profile),
	};
	int (*build)(struct flame *, const struct flame_source *) =
		reversed ? flame_build_up : flame_build_down;
	if (!flame->boxes || !source.depth || build(flame, &source) != 0) {
		goto fail;
	}
	sum_upwards(flame);
	count_stacks(flame);
	if (prune(flame, source.min_bytes) != 0 || link_children(flame) != 0) {
		goto fail;
	}
	free(source.depth);
	return 0;
fail:
	free(source.depth);
	flame_done(flame);
	errno = ENOMEM;
	return -1;
}

int flame_limit(struct flame *flame, uint32_t max_boxes)
{
	if (flame->count <= max_boxes) {
		return 0;
	}
	struct sort_pair *order = pairs_new(flame);
	if (!order) {
		errno = ENOMEM;
		return -1;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		order[i] = (struct sort_pair){ flame->boxes[i].bytes, i };
	}
	sort_pairs(order, flame->count, order + flame->count);
	uint64_t min_bytes = order[flame->count - 1 - max_boxes].key + 1;
	free(order);
	if (prune(flame, min_bytes) != 0 || link_children(flame) != 0) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

void flame_done(struct flame *flame)
{
	free(flame->boxes);
	*flame = (struct flame){ 0 };
}
