// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/shown.h"

#include "core/base/hash.h"
#include "core/profile/intern.h"
#include "core/profile/node_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** What of the whole became what. */
struct merging {
	const struct profile *whole;
	struct profile *profile;
	/** By frame: the first that says the same. */
	uint32_t *frames;
	/** By node of the whole: that of what is shown. */
	uint32_t *nodes;
	/** By node that is shown: its entry, + 1. */
	uint32_t *entries;
	struct intern_table table;
	struct node_index index;
};

static bool same_text(const struct profile *profile, uint32_t a, uint32_t b)
{
	return a == b || strcmp(profile_string(profile, a), profile_string(profile, b)) == 0;
}

static bool says_the_same(const void *context, uint32_t number, const void *key)
{
	const struct profile *profile = context;
	const struct profile_frame *have = &profile->frames[number], *wanted = key;
	return have->line == wanted->line && ((have->flags ^ wanted->flags) & FRAME_LABEL) == 0
		&& same_text(profile, have->file, wanted->file)
		&& same_text(profile, have->function, wanted->function);
}

static uint64_t hash_frame(const struct profile *profile, const struct profile_frame *frame)
{
	const char *file = profile_string(profile, frame->file);
	const char *function = profile_string(profile, frame->function);
	return hash_mix(hash_mix(hash_bytes(file, strlen(file)), frame->line),
			hash_bytes(function, strlen(function)));
}

/** 1 if some frames say the same, 0 if none do, -1 without memory. */
static int merge_frames(struct merging *merging)
{
	const struct profile *whole = merging->whole;
	int has_merged = 0;
	for (uint32_t i = 0; i < whole->frame_count; i++) {
		if (!intern_reserve(&merging->table)) {
			return -1;
		}
		const struct profile_frame *frame = &whole->frames[i];
		uint64_t hash = hash_frame(whole, frame);
		struct intern_slot *slot =
			intern_find(&merging->table, hash, says_the_same, whole, frame);
		if (!slot->number) {
			intern_add(&merging->table, slot, hash, i);
		}
		merging->frames[i] = slot->number - 1;
		has_merged |= merging->frames[i] != i;
	}
	return has_merged;
}

static int merge_nodes(struct merging *merging)
{
	struct profile *profile = merging->profile;
	intern_done(&merging->table);
	profile->node_count = 1;
	for (uint32_t i = 1; i < merging->whole->node_count; i++) {
		struct profile_node node = {
			.parent = merging->nodes[merging->whole->nodes[i].parent],
			.frame = merging->frames[merging->whole->nodes[i].frame],
		};
		uint32_t number = node_index_intern(&merging->index, profile->nodes, node.parent,
						    node.frame);
		if (!number) {
			return -1;
		}
		if (number == profile->node_count) {
			profile->nodes[profile->node_count++] = node;
		}
		merging->nodes[i] = number;
	}
	return 0;
}

static void merge_entries(struct merging *merging)
{
	struct profile *profile = merging->profile;
	profile->entry_count = 0;
	for (uint32_t i = 0; i < merging->whole->entry_count; i++) {
		const struct profile_entry *entry = &merging->whole->entries[i];
		uint32_t node = merging->nodes[entry->node];
		if (!merging->entries[node]) {
			profile->entries[profile->entry_count] = *entry;
			profile->entries[profile->entry_count++].node = node;
			merging->entries[node] = profile->entry_count;
		} else {
			profile_entry_add(&profile->entries[merging->entries[node] - 1], entry);
		}
	}
}

static void move_the_rest(struct merging *merging)
{
	struct profile *profile = merging->profile;
	for (uint32_t i = 0; i < profile->thread_count; i++) {
		profile->threads[i] = merging->whole->threads[i];
		profile->threads[i].node = merging->nodes[profile->threads[i].node];
	}
	profile->failed_node = merging->nodes[profile->failed_node];
	profile->breach_node = merging->nodes[profile->breach_node];
}

/** Make the arrays that are its own; one more of each, since malloc(0) may be NULL. */
static int begin(struct merging *merging)
{
	struct profile *profile = merging->profile;
	size_t nodes = (size_t)profile->node_count + 1;
	profile->nodes = calloc(nodes, sizeof(*profile->nodes));
	profile->entries = calloc((size_t)profile->entry_count + 1, sizeof(*profile->entries));
	profile->threads = calloc((size_t)profile->thread_count + 1, sizeof(*profile->threads));
	merging->nodes = calloc(nodes, sizeof(*merging->nodes));
	merging->entries = calloc(nodes, sizeof(*merging->entries));
	return profile->nodes && profile->entries && profile->threads && merging->nodes
			&& merging->entries
		? 0
		: -1;
}

static int merge(struct merging *merging)
{
	if (begin(merging) || merge_nodes(merging)) {
		return -1;
	}
	merge_entries(merging);
	move_the_rest(merging);
	return 0;
}

int shown_init(struct shown *shown, const struct profile *whole)
{
	struct merging merging = { .whole = whole, .profile = &shown->profile };
	*shown = (struct shown){ .whole = whole, .profile = *whole };
	merging.frames = malloc(((size_t)whole->frame_count + 1) * sizeof(*merging.frames));
	int result = merging.frames ? merge_frames(&merging) : -1;
	if (result > 0) {
		result = merge(&merging);
	}
	free(merging.frames);
	free(merging.nodes);
	free(merging.entries);
	intern_done(&merging.table);
	node_index_done(&merging.index);
	if (result != 0) {
		shown_done(shown);
		errno = ENOMEM;
	}
	return result;
}

void shown_done(struct shown *shown)
{
	/* Where no frames say the same they are the whole's. */
	if (shown->whole && shown->profile.nodes != shown->whole->nodes) {
		free(shown->profile.nodes);
		free(shown->profile.entries);
		free(shown->profile.threads);
	}
	*shown = (struct shown){ 0 };
}
