// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Building goes: depths of the profile's nodes -> boxes (flame_down.c or flame_up.c) -> sums ->
 * pruning -> order. All linear but for sorting.
 */

#include "core/report/flame.h"

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

static int by_parent_then_size(const void *a, const void *b, void *context)
{
	const struct flame_box *boxes = context;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct flame_box *x = &boxes[i], *y = &boxes[j];
	if (x->parent != y->parent) {
		return x->parent < y->parent ? -1 : 1;
	}
	if (x->bytes != y->bytes) {
		return x->bytes > y->bytes ? -1 : 1;
	}
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* Link children to their parents, largest first. */
static int link_children(struct flame *flame)
{
	uint32_t *order = malloc(flame->count * sizeof(*order));
	if (!order) {
		return -1;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		order[i] = i;
		flame->boxes[i].first_child = flame->boxes[i].next_sibling = 0;
	}
	qsort_r(order + 1, flame->count - 1, sizeof(*order), by_parent_then_size, flame->boxes);
	for (uint32_t i = flame->count - 1; i > 0; i--) {
		struct flame_box *box = &flame->boxes[order[i]];
		struct flame_box *parent = &flame->boxes[box->parent];
		box->next_sibling = parent->first_child;
		parent->first_child = order[i];
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

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x > y ? -1 : x < y;
}

int flame_limit(struct flame *flame, uint32_t max_boxes)
{
	if (flame->count <= max_boxes) {
		return 0;
	}
	uint64_t *bytes = malloc(flame->count * sizeof(*bytes));
	if (!bytes) {
		errno = ENOMEM;
		return -1;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		bytes[i] = flame->boxes[i].bytes;
	}
	qsort(bytes, flame->count, sizeof(*bytes), descending);
	uint64_t min_bytes = bytes[max_boxes] + 1;
	free(bytes);
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
