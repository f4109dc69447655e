// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/node_index.h"

#include "core/base/attributes.h"
#include "core/base/hash.h"
#include "core/profile/intern.h"

#include <stdlib.h>

struct node_links {
	/** Head of the nodes below it. */
	uint32_t below;
	uint32_t link[3];
};

bool node_index_add(struct node_index *index)
{
	if (!array_reserve((void **)&index->links, &index->capacity, (uint64_t)index->count + 1,
			   sizeof(*index->links))) {
		return false;
	}
	index->links[index->count++] = (struct node_links){ 0 };
	return true;
}

uint32_t *node_index_find(struct node_index *index, const struct profile_node *nodes,
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

void node_index_done(struct node_index *index)
{
	free(index->links);
	*index = (struct node_index){ 0 };
}
