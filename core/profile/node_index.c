// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/node_index.h"

#include "core/base/attributes.h"
#include "core/base/hash.h"
#include "core/profile/intern.h"

#include <stdbool.h>
#include <stdlib.h>

struct node_links {
	/** Head of the nodes below it. */
	uint32_t below;
	uint32_t link[3];
};

/** Make room for a further node, of the next number. */
static bool add(struct node_index *index)
{
	if (!array_reserve((void **)&index->links, &index->capacity, (uint64_t)index->count + 1,
			   sizeof(*index->links))) {
		return false;
	}
	index->links[index->count++] = (struct node_links){ 0 };
	return true;
}

/** Where the number of a node stands, or is to be put: 0. */
static uint32_t *find(const struct node_index *index, const struct profile_node *nodes,
		      uint32_t parent, uint32_t frame)
{
	uint64_t hash = hash_mix(frame, 0);
	uint32_t *number = &index->links[parent].below;
	while (*number && nodes[*number].frame != frame) {
		struct node_links *links = &index->links[*number];
		number = &links->link[hash_digit(&hash, countof(links->link))];
	}
	return number;
}

uint32_t node_index_intern(struct node_index *index, const struct profile_node *nodes,
			   uint32_t parent, uint32_t frame)
{
	if (!index->count && !add(index)) {
		return 0;
	}
	uint32_t *number = find(index, nodes, parent, frame);
	if (*number) {
		return *number;
	}
	/* Before the place moves; if there is no memory, it does not. */
	uint32_t next = *number = index->count;
	if (!add(index)) {
		*number = 0;
		return 0;
	}
	return next;
}

void node_index_done(struct node_index *index)
{
	free(index->links);
	*index = (struct node_index){ 0 };
}
