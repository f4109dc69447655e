// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Callers on top. The profile's nodes are already a tree of stacks: each node becomes a box, those
 * of the same parent that say the same become one. Only what is deeper than FLAME_DEPTH_MAX is
 * walked stack by stack, and there only its tail.
 */

#include "core/report/flame_build.h"

#include "core/base/hash.h"

#include <stdlib.h>
#include <string.h>

/* Finds the child of a box by frame: open addressing over box numbers; 0 is free. */
struct children {
	uint32_t *table;
	size_t slots;
	uint32_t used;
};

struct down {
	struct flame *flame;
	const struct flame_source *source;
	struct children children;
	/** Per node: its box if it is not too deep, else the box of its ancestor at FLAME_HEAD. */
	uint32_t *box_of;
	/** Per node: whether a stack with bytes goes through it. */
	bool *used;
};

static size_t child_slot(const struct flame *flame, const struct children *children,
			 uint32_t parent, uint32_t frame)
{
	size_t at = hash_mix(parent, frame) & (children->slots - 1);
	for (;; at = (at + 1) & (children->slots - 1)) {
		uint32_t number = children->table[at];
		const struct flame_box *box = &flame->boxes[number];
		if (number == 0 || (box->parent == parent && box->frame == frame)) {
			return at;
		}
	}
}

static int children_grow(struct children *children, const struct flame *flame)
{
	struct children bigger = { .slots = children->slots ? children->slots * 2 : 1024 };
	bigger.table = calloc(bigger.slots, sizeof(*bigger.table));
	if (!bigger.table) {
		return -1;
	}
	for (uint32_t i = 1; i < flame->count; i++) {
		const struct flame_box *box = &flame->boxes[i];
		bigger.table[child_slot(flame, &bigger, box->parent, box->frame)] = i;
	}
	bigger.used = children->used;
	free(children->table);
	*children = bigger;
	return 0;
}

/* The box of frame below parent, made if need be; 0 with errno ENOMEM. */
static uint32_t child_box(struct down *down, uint32_t parent, uint32_t frame)
{
	struct children *children = &down->children;
	if ((size_t)children->used * 2 >= children->slots
	    && children_grow(children, down->flame) != 0) {
		return 0;
	}
	size_t at = child_slot(down->flame, children, parent, frame);
	if (!children->table[at]) {
		uint32_t box = flame_add_box(down->flame, parent, frame);
		children->table[at] = box;
		children->used++;
	}
	return children->table[at];
}

static void mark_used(struct down *down)
{
	const struct profile *profile = down->source->profile;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		if (entry->node < profile->node_count
		    && profile_entry_bytes(entry, down->source->of) > 0) {
			down->used[entry->node] = true;
		}
	}
	for (uint32_t i = profile->node_count; i-- > 1;) {
		if (down->used[i]) {
			down->used[flame_parent_node(profile, i)] = true;
		}
	}
}

static uint32_t box_ancestor(const struct flame *flame, uint32_t box, uint32_t levels)
{
	while (levels-- > 0) {
		box = flame->boxes[box].parent;
	}
	return box;
}

static int map_nodes(struct down *down)
{
	const struct flame_source *source = down->source;
	const struct profile *profile = source->profile;
	for (uint32_t i = 1; i < profile->node_count; i++) {
		uint32_t parent = flame_parent_node(profile, i);
		uint32_t above = down->box_of[parent];
		if (!down->used[i]) {
			continue;
		}
		if (source->depth[i] == FLAME_DEPTH_MAX + 1) {
			above = box_ancestor(down->flame, above, FLAME_DEPTH_MAX - FLAME_HEAD);
		}
		if (source->depth[i] > FLAME_DEPTH_MAX) {
			down->box_of[i] = above;
			continue;
		}
		uint32_t frame = profile->nodes[i].frame;
		down->box_of[i] = child_box(down, above, frame);
		if (down->box_of[i] == 0) {
			return -1;
		}
	}
	return 0;
}

/* The box in which a stack deeper than FLAME_DEPTH_MAX ends; 0 with errno ENOMEM. */
static uint32_t deep_box(struct down *down, uint32_t node)
{
	const struct flame_source *source = down->source;
	const struct profile *profile = source->profile;
	uint32_t tail[FLAME_TAIL];
	uint32_t box = child_box(down, down->box_of[node], FLAME_ELIDED);
	uint32_t elided = source->depth[node] - FLAME_HEAD - FLAME_TAIL;
	if (box && down->flame->boxes[box].elided_frames < elided) {
		down->flame->boxes[box].elided_frames = elided;
	}
	for (uint32_t i = FLAME_TAIL; i-- > 0; node = flame_parent_node(profile, node)) {
		tail[i] = profile->nodes[node].frame;
	}
	for (uint32_t i = 0; i < FLAME_TAIL && box; i++) {
		box = child_box(down, box, tail[i]);
	}
	return box;
}

static int add_stacks(struct down *down)
{
	const struct flame_source *source = down->source;
	const struct profile *profile = source->profile;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		uint64_t bytes = profile_entry_bytes(entry, source->of);
		if (bytes == 0 || entry->node >= profile->node_count) {
			continue;
		}
		bool deep = source->depth[entry->node] > FLAME_DEPTH_MAX;
		uint32_t number = deep ? deep_box(down, entry->node) : down->box_of[entry->node];
		if (number == 0 && entry->node != 0) {
			return -1;
		}
		struct flame_box *box = &down->flame->boxes[number];
		box->bytes += bytes;
		box->blocks += profile_entry_blocks(entry, source->of);
		box->self_bytes += bytes;
		box->self_stacks++;
	}
	return 0;
}

int flame_build_down(struct flame *flame, const struct flame_source *source)
{
	size_t nodes = (size_t)source->profile->node_count + 1;
	struct down down = {
		.flame = flame,
		.source = source,
		.box_of = calloc(nodes, sizeof(*down.box_of)),
		.used = calloc(nodes, sizeof(*down.used)),
	};
	int result = -1;
	if (down.box_of && down.used) {
		mark_used(&down);
		result = map_nodes(&down) == 0 ? add_stacks(&down) : -1;
	}
	free(down.box_of);
	free(down.used);
	free(down.children.table);
	return result;
}
