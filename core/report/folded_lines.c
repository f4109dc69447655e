// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/folded_lines.h"

#include <stdlib.h>

static int compare_lines(const void *a, const void *b)
{
	const struct folded_line *x = a;
	const struct folded_line *y = b;
	if (x->bytes != y->bytes) {
		return x->bytes > y->bytes ? -1 : 1;
	}
	if (x->node != y->node) {
		return x->node < y->node ? -1 : 1;
	}
	return (int)x->is_rest - (int)y->is_rest;
}

static struct folded_line *all_lines(const struct profile *profile, enum measure of,
				     uint32_t *ret_count)
{
	uint32_t *sorted = profile_sorted_entries(profile, of, ret_count);
	struct folded_line *lines = calloc((size_t)*ret_count + 1, sizeof(*lines));
	if (!sorted || !lines) {
		free(sorted);
		free(lines);
		return NULL;
	}
	for (uint32_t i = 0; i < *ret_count; i++) {
		const struct profile_entry *entry = &profile->entries[sorted[i]];
		lines[i] = (struct folded_line){
			.bytes = profile_entry_bytes(entry, of), .node = entry->node,
		};
	}
	free(sorted);
	return lines;
}

struct brief {
	struct folded_line *lines;
	uint32_t count;
	uint64_t least_bytes;
	/** By node: bytes of its own stack, and of smaller ones that have come to it. */
	uint64_t *own;
	uint64_t *rest;
};

static void add_line(struct brief *brief, uint32_t node, uint64_t bytes, bool is_rest)
{
	brief->lines[brief->count++] = (struct folded_line){ bytes, node, is_rest };
}

static void take_node(struct brief *brief, const struct profile_node *nodes, uint32_t node)
{
	if (brief->own[node] >= brief->least_bytes) {
		add_line(brief, node, brief->own[node], false);
	} else {
		brief->rest[node] += brief->own[node];
	}
	if (brief->rest[node] >= brief->least_bytes) {
		add_line(brief, node, brief->rest[node], true);
	} else if (node) {
		brief->rest[nodes[node].parent] += brief->rest[node];
	} else if (brief->rest[node]) {
		add_line(brief, node, brief->rest[node], true);
	}
}

static struct folded_line *brief_lines(const struct profile *profile, enum measure of,
				       uint32_t *ret_count)
{
	uint64_t whole = profile_sum_bytes(profile, of);
	struct brief brief = {
		.lines = calloc(FOLDED_PARTS + 2, sizeof(*brief.lines)),
		/* Rounded up: as many as there are parts hold all of it. */
		.least_bytes = whole / FOLDED_PARTS + 1,
		.own = calloc((size_t)profile->node_count + 1, sizeof(*brief.own)),
		.rest = calloc((size_t)profile->node_count + 1, sizeof(*brief.rest)),
	};
	bool good = brief.lines && brief.own && brief.rest;
	for (uint32_t i = 0; good && i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		brief.own[entry->node] = profile_entry_bytes(entry, of);
	}
	/* Children before their parents. */
	for (uint32_t node = profile->node_count; good && node-- > 0;) {
		take_node(&brief, profile->nodes, node);
	}
	free(brief.own);
	free(brief.rest);
	if (!good) {
		free(brief.lines);
		return NULL;
	}
	qsort(brief.lines, brief.count, sizeof(*brief.lines), compare_lines);
	*ret_count = brief.count;
	return brief.lines;
}

struct folded_line *folded_lines(const struct profile *profile, enum measure of, bool in_brief,
				 uint32_t *ret_count)
{
	return in_brief ? brief_lines(profile, of, ret_count) : all_lines(profile, of, ret_count);
}
