// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Sums per line of code. What a line and its callees hold is the sum over the nodes that have its
 * frame and no other node of that frame above them, so that recursion counts once: one walk of the
 * tree, depth first, that counts per frame how often it is on the path.
 */

#include "core/report/html_parts.h"

#include "core/base/attributes.h"
#include "core/report/flame_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MEASURES 3u

struct walk {
	const struct profile *profile;
	struct call_site *sites; /* one per frame of the profile */
	/** Per node: the bytes of its stacks and those below it. */
	uint64_t (*bytes)[MEASURES];
	uint32_t *first_child;
	uint32_t *next_sibling;
	/** Per frame: nodes of it on the path from the root. */
	uint32_t *on_path;
};

static void add_entries(struct walk *walk)
{
	const struct profile *profile = walk->profile;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		uint32_t node = entry->node;
		if (node == 0 || node >= profile->node_count) {
			continue;
		}
		struct call_site *site = &walk->sites[profile->nodes[node].frame];
		for (enum measure of = MEASURE_PEAK; of < MEASURES; of++) {
			uint64_t bytes = profile_entry_bytes(entry, of);
			walk->bytes[node][of] += bytes;
			site->self_bytes[of] += bytes;
			site->self_blocks[of] += profile_entry_blocks(entry, of);
		}
	}
}

/* Children before parents: sums go up, and each node is linked to its parent. */
static void link_nodes(struct walk *walk)
{
	for (uint32_t i = walk->profile->node_count; i-- > 1;) {
		uint32_t parent = flame_parent_node(walk->profile, i);
		for (unsigned of = 0; of < MEASURES; of++) {
			walk->bytes[parent][of] += walk->bytes[i][of];
		}
		walk->next_sibling[i] = walk->first_child[parent];
		walk->first_child[parent] = i;
	}
}

static uint32_t frame_of(const struct walk *walk, uint32_t node)
{
	return walk->profile->nodes[node].frame;
}

static void enter(struct walk *walk, uint32_t node)
{
	uint32_t frame = frame_of(walk, node);
	if (walk->on_path[frame]++ == 0) {
		for (unsigned of = 0; of < MEASURES; of++) {
			walk->sites[frame].all_bytes[of] += walk->bytes[node][of];
		}
	}
}

static void visit_all(struct walk *walk)
{
	uint32_t node = walk->first_child[0];
	while (node) {
		enter(walk, node);
		if (walk->first_child[node]) {
			node = walk->first_child[node];
			continue;
		}
		while (node && !walk->next_sibling[node]) {
			walk->on_path[frame_of(walk, node)]--;
			node = flame_parent_node(walk->profile, node);
		}
		if (node) {
			walk->on_path[frame_of(walk, node)]--;
			node = walk->next_sibling[node];
		}
	}
}

/* One number of a site: self_bytes or all_bytes under a measure. */
struct sort_key {
	enum measure of;
	bool all;
};

static uint64_t site_bytes(const struct call_site *site, const struct sort_key *key)
{
	return key->all ? site->all_bytes[key->of] : site->self_bytes[key->of];
}

static int descending(const void *a, const void *b, void *context)
{
	const struct call_site *x = a, *y = b;
	uint64_t i = site_bytes(x, context), j = site_bytes(y, context);
	if (i != j) {
		return i > j ? -1 : 1;
	}
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* Move the sites that are on top by any key to the front; their number. */
static uint32_t select_top(struct call_site *sites, uint32_t count, uint32_t top)
{
	uint32_t kept = 0;
	for (unsigned i = 0; i < 2 * MEASURES; i++) {
		struct sort_key key = { .of = i / 2, .all = i % 2 };
		qsort_r(sites, count, sizeof(*sites), descending, &key);
		for (uint32_t n = 0; n < top && n < count; n++) {
			sites[n].chosen |= site_bytes(&sites[n], &key) > 0;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if (sites[i].chosen) {
			sites[kept++] = sites[i];
		}
	}
	return kept;
}

static int walk_all(struct walk *walk)
{
	size_t nodes = (size_t)walk->profile->node_count + 1;
	size_t frames = (size_t)walk->profile->frame_count + 1;
	walk->sites = calloc(frames, sizeof(*walk->sites));
	walk->bytes = calloc(nodes, sizeof(*walk->bytes));
	walk->first_child = calloc(nodes, sizeof(*walk->first_child));
	walk->next_sibling = calloc(nodes, sizeof(*walk->next_sibling));
	walk->on_path = calloc(frames, sizeof(*walk->on_path));
	bool complete = walk->sites && walk->bytes && walk->first_child && walk->next_sibling
			&& walk->on_path;
	if (complete) {
		for (uint32_t i = 0; i < walk->profile->frame_count; i++) {
			walk->sites[i].frame = i;
		}
		add_entries(walk);
		link_nodes(walk);
		visit_all(walk);
	}
	free(walk->bytes);
	free(walk->first_child);
	free(walk->next_sibling);
	free(walk->on_path);
	return complete ? 0 : -1;
}

int call_sites_collect(struct call_sites *ret_sites, const struct profile *profile,
		       enum measure of, uint32_t top)
{
	struct walk walk = { .profile = profile };
	struct sort_key key = { .of = of };
	if (walk_all(&walk) != 0) {
		free(walk.sites);
		errno = ENOMEM;
		return -1;
	}
	ret_sites->sites = walk.sites;
	ret_sites->count = select_top(walk.sites, profile->frame_count, top);
	qsort_r(ret_sites->sites, ret_sites->count, sizeof(*walk.sites), descending, &key);
	return 0;
}

void call_sites_done(struct call_sites *sites)
{
	free(sites->sites);
	*sites = (struct call_sites){ 0 };
}
