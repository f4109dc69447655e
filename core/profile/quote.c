// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/quote.h"

#include <stdlib.h>

/** A frame's source is read if it has at least this part of the peak or of the end. */
#define SOURCE_SHARE 1000u

/** True if a node's bytes, those of the stacks above it included, are worth a line of source. */
static bool is_heavy(uint64_t bytes, uint64_t total)
{
	return bytes && bytes >= total / SOURCE_SHARE;
}

/** Flag the frames of the stack of a node. */
static void mark_stack(const struct profile *profile, uint32_t node, bool *marked)
{
	for (; node; node = profile->nodes[node].parent) {
		marked[profile->nodes[node].frame] = true;
	}
}

struct weight {
	uint64_t peak_bytes;
	uint64_t end_bytes;
};

/** Flag the frames that are shown: of heavy nodes, and of the stacks that are named apart. */
static void mark_frames(const struct profile *profile, struct weight *weights, bool *marked)
{
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		weights[entry->node] = (struct weight){ entry->peak_bytes, entry->end_bytes };
	}
	for (uint32_t i = profile->node_count - 1; i > 0; i--) {
		const struct profile_node *node = &profile->nodes[i];
		weights[node->parent].peak_bytes += weights[i].peak_bytes;
		weights[node->parent].end_bytes += weights[i].end_bytes;
		marked[node->frame] |= is_heavy(weights[i].peak_bytes, profile->peak_bytes)
			|| is_heavy(weights[i].end_bytes, profile->end_bytes);
	}
	mark_stack(profile, profile->failed_node, marked);
	mark_stack(profile, profile->breach_node, marked);
	for (uint32_t i = 0; i < profile->thread_count; i++) {
		mark_stack(profile, profile->threads[i].node, marked);
	}
}

/** Numbers of the marked frames with that flag that have a file and a line, and no source. */
static uint32_t list_marked(const struct profile *profile, const bool *marked, uint32_t flag,
			    uint32_t *frames)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];
		if (marked[i] && frame->file && frame->line && !frame->source
		    && (frame->flags & flag) == flag) {
			frames[count++] = i;
		}
	}
	return count;
}

void quote_sources(struct builder *builder, const struct source_place *place, uint32_t flag)
{
	if (builder->failed) {
		return;
	}
	struct profile *profile = builder->profile;
	struct weight *weights = calloc(profile->node_count, sizeof(*weights));
	bool *marked = calloc((size_t)profile->frame_count + 1, sizeof(*marked));
	uint32_t *frames = calloc((size_t)profile->frame_count + 1, sizeof(*frames));
	if (weights && marked && frames) {
		mark_frames(profile, weights, marked);
		source_attach(builder, place, frames, list_marked(profile, marked, flag, frames));
	} else {
		builder->failed = true;
	}
	free(weights);
	free(marked);
	free(frames);
}
