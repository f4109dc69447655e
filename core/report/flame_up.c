// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reversed: what allocated is on top, its callers below. All stacks start as one group at the root,
 * each at its innermost frame; a group is sorted by frame, each run becomes a box, and the run's
 * stacks go one frame outwards as the group of that box. Groups too small to be drawn are not
 * followed, so the cost is that of the stacks that matter, times FLAME_DEPTH_MAX at most.
 */

#include "core/host/sort.h"
#include "core/report/flame_build.h"

#include <errno.h>
#include <stdlib.h>

/* A stack, and the node from which it is still to be followed outwards; 0: it has ended. */
struct cursor {
	uint32_t node;
	uint32_t frame;
	uint64_t bytes;
	uint64_t blocks;
};

/* The stacks below one box: those at [first, end) in the order. */
struct group {
	uint32_t box;
	uint32_t first;
	uint32_t end;
	uint32_t depth;
};

struct up {
	struct flame *flame;
	const struct flame_source *source;
	struct cursor *cursors;
	/** Cursor numbers, by the frames that they are at. */
	struct sort_pair *order;
	/** As long. */
	struct sort_pair *room;
	/** Groups still to be split; at most as many as cursors, for they do not overlap. */
	struct group *groups;
	uint32_t group_count;
};

static void cursor_set_node(struct cursor *cursor, const struct flame_source *source, uint32_t node)
{
	cursor->node = node;
	cursor->frame = node ? source->profile->nodes[node].frame : FLAME_ROOT;
}

static uint32_t start_cursors(struct up *up)
{
	const struct profile *profile = up->source->profile;
	uint32_t count = 0;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		uint64_t bytes = profile_entry_bytes(entry, up->source->of);
		if (bytes == 0 || entry->node >= profile->node_count) {
			continue;
		}
		struct cursor *cursor = &up->cursors[count];
		cursor_set_node(cursor, up->source, entry->node);
		up->order[count] = (struct sort_pair){ cursor->frame, count };
		count++;
		cursor->bytes = bytes;
		cursor->blocks = profile_entry_blocks(entry, up->source->of);
	}
	return count;
}

/* The cursor at a place of the order. */
static struct cursor *cursor_at(const struct up *up, uint32_t place)
{
	return &up->cursors[up->order[place].value];
}

/* Let the stacks at [first, end) end in the box. */
static void end_stacks(struct up *up, uint32_t number, uint32_t first, uint32_t end)
{
	struct flame_box *box = &up->flame->boxes[number];
	for (uint32_t i = first; i < end; i++) {
		box->bytes += cursor_at(up, i)->bytes;
		box->blocks += cursor_at(up, i)->blocks;
		box->self_bytes += cursor_at(up, i)->bytes;
		box->self_stacks++;
	}
}

/* What goes on beyond the depth of the graph: one box for all of it. */
static int end_elided(struct up *up, const struct group *group)
{
	uint32_t number = flame_add_box(up->flame, group->box, FLAME_ELIDED);
	if (number == 0) {
		return -1;
	}
	end_stacks(up, number, group->first, group->end);
	for (uint32_t i = group->first; i < group->end; i++) {
		struct flame_box *box = &up->flame->boxes[number];
		uint32_t frames = up->source->depth[cursor_at(up, i)->node];
		if (box->elided_frames < frames) {
			box->elided_frames = frames;
		}
	}
	return 0;
}

/* A run of stacks at the same frame, below the group's box. */
static int add_run(struct up *up, const struct group *group, uint32_t first, uint32_t end)
{
	if (cursor_at(up, first)->node == 0) {
		end_stacks(up, group->box, first, end);
		return 0;
	}
	uint64_t bytes = 0;
	for (uint32_t i = first; i < end; i++) {
		bytes += cursor_at(up, i)->bytes;
	}
	uint32_t box = flame_add_box(up->flame, group->box, cursor_at(up, first)->frame);
	if (box == 0) {
		return -1;
	}
	if (bytes < up->source->min_bytes) {
		end_stacks(up, box, first, end);
		return 0;
	}
	for (uint32_t i = first; i < end; i++) {
		struct cursor *cursor = cursor_at(up, i);
		cursor_set_node(cursor, up->source,
				flame_parent_node(up->source->profile, cursor->node));
		up->order[i].key = cursor->frame;
	}
	up->groups[up->group_count++] = (struct group){ box, first, end, group->depth + 1 };
	return 0;
}

static int split_group(struct up *up, const struct group *group)
{
	uint32_t count = group->end - group->first;
	sort_pairs(up->order + group->first, count, up->room);
	uint32_t first = group->first, ended;
	/* Those that have ended sort last: FLAME_ROOT is the highest number. */
	for (ended = group->end; ended > first && cursor_at(up, ended - 1)->node == 0; ended--) {
	}
	if (group->depth == FLAME_DEPTH_MAX) {
		struct group deeper = { group->box, first, ended, group->depth };
		end_stacks(up, group->box, ended, group->end);
		return first < ended ? end_elided(up, &deeper) : 0;
	}
	while (first < group->end) {
		uint32_t end = first + 1;
		while (end < group->end && up->order[end].key == up->order[first].key) {
			end++;
		}
		if (add_run(up, group, first, end) != 0) {
			return -1;
		}
		first = end;
	}
	return 0;
}

int flame_build_up(struct flame *flame, const struct flame_source *source)
{
	size_t entries = (size_t)source->profile->entry_count + 1;
	struct up up = {
		.flame = flame,
		.source = source,
		.cursors = malloc(entries * sizeof(*up.cursors)),
		.order = malloc(entries * sizeof(*up.order)),
		.room = malloc(entries * sizeof(*up.room)),
		.groups = malloc(entries * sizeof(*up.groups)),
	};
	int result = -1;
	if (up.cursors && up.order && up.room && up.groups) {
		uint32_t count = start_cursors(&up);
		up.groups[up.group_count++] = (struct group){ 0, 0, count, 0 };
		result = 0;
	}
	while (result == 0 && up.group_count > 0) {
		struct group group = up.groups[--up.group_count];
		result = split_group(&up, &group);
	}
	free(up.cursors);
	free(up.order);
	free(up.room);
	free(up.groups);
	return result;
}
