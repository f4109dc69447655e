// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Callers on top. The profile's nodes are already a tree of stacks: each node becomes a box, those
 * of the same parent that say the same become one. Only what is deeper than FLAME_DEPTH_MAX is
 * walked stack by stack, and there only its tail.
 *
 * A node through which fewer than min_bytes go gets no box, nor does what is below it: most nodes
 * are so small. (In a profile each node is there once; of a capture that has some twice, as nobody
 * writes it, boxes may be missing that they would fill together.)
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
	/**
	 * Per node: its box, or that of its nearest ancestor that has one; of a node that is too
	 * deep, that of its ancestor at FLAME_HEAD.
	 */
	uint32_t *box_of;
	/** Per node: bytes of the stacks through it; if it is too deep, through that ancestor. */
	uint64_t *bytes;
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

static void sum_nodes(struct down *down)
{
	const struct profile *profile = down->source->profile;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		if (entry->node < profile->node_count) {
			down->bytes[entry->node] += profile_entry_bytes(entry, down->source->of);
		}
	}
	for (uint32_t i = profile->node_count; i-- > 1;) {
		down->bytes[flame_parent_node(profile, i)] += down->bytes[i];
	}
}

/* True if a node, or for one that is too deep its ancestor, has no box: it is too small. */
static bool is_hidden(const struct down *down, uint32_t node)
{
	return node && down->bytes[node] < down->source->min_bytes;
}

/* Stacks from here on are walked one by one: what they share is the ancestor at FLAME_HEAD. */
static uint32_t head_node(const struct profile *profile, uint32_t node)
{
	for (uint32_t i = FLAME_DEPTH_MAX + 1; i > FLAME_HEAD; i--) {
		node = flame_parent_node(profile, node);
	}
	return node;
}

static int map_nodes(struct down *down)
{
	const struct flame_source *source = down->source;
	const struct profile *profile = source->profile;
	for (uint32_t i = 1; i < profile->node_count; i++) {
		uint32_t from = flame_parent_node(profile, i);
		if (source->depth[i] == FLAME_DEPTH_MAX + 1) {
			from = head_node(profile, i);
		}
		down->box_of[i] = down->box_of[from];
		if (source->depth[i] > FLAME_DEPTH_MAX) {
			down->bytes[i] = down->bytes[from];
			continue;
		}
		if (!is_hidden(down, i)) {
			down->box_of[i] = child_box(down, down->box_of[from],
						    profile->nodes[i].frame);
			if (down->box_of[i] == 0) {
				return -1;
			}
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

/* A stack that ends in a box that is too small: its bytes stay in the boxes above. */
static void add_hidden(struct down *down, const struct profile_entry *entry, uint64_t bytes)
{
	struct flame *flame = down->flame;
	struct flame_box *box = &flame->boxes[down->box_of[entry->node]];
	box->bytes += bytes;
	box->blocks += profile_entry_blocks(entry, down->source->of);
	flame->stacks++;
	flame->hidden_stacks++;
	flame->hidden_bytes += bytes;
}

static int add_shown(struct down *down, const struct profile_entry *entry, uint64_t bytes)
{
	bool deep = down->source->depth[entry->node] > FLAME_DEPTH_MAX;
	uint32_t number = deep ? deep_box(down, entry->node) : down->box_of[entry->node];
	if (number == 0 && entry->node != 0) {
		return -1;
	}
	struct flame_box *box = &down->flame->boxes[number];
	box->bytes += bytes;
	box->blocks += profile_entry_blocks(entry, down->source->of);
	box->self_bytes += bytes;
	box->self_stacks++;
	return 0;
}

static int add_stacks(struct down *down)
{
	const struct profile *profile = down->source->profile;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		uint64_t bytes = profile_entry_bytes(entry, down->source->of);
		if (bytes == 0 || entry->node >= profile->node_count) {
			continue;
		}
		if (is_hidden(down, entry->node)) {
			add_hidden(down, entry, bytes);
		} else if (add_shown(down, entry, bytes) != 0) {
			return -1;
		}
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
		.bytes = calloc(nodes, sizeof(*down.bytes)),
	};
	int result = -1;
	if (down.box_of && down.bytes) {
		sum_nodes(&down);
		result = map_nodes(&down) == 0 ? add_stacks(&down) : -1;
	}
	free(down.box_of);
	free(down.bytes);
	free(down.children.table);
	return result;
}
