// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Numbers of nodes, found by what they are: a frame below a parent. Each node has the head of those
 * below it, which are a trie by the digits of their frames' hash, so that the way down a stack goes
 * from one node to the next and not all over a table.
 */
#ifndef CORE_PROFILE_NODE_INDEX_H
#define CORE_PROFILE_NODE_INDEX_H

#include "core/profile/profile.h"

#include <stdbool.h>

/** Zeroed: of no node. Memory is the index's, until node_index_done. */
struct node_index {
	struct node_links *links;
	uint32_t capacity;
	uint32_t count;
};

/** Make room for a further node, of the next number; the root comes first. False with ENOMEM. */
bool node_index_add(struct node_index *index);

/**
 * Where the number of the node of a frame below a parent stands: 0 there if there is none yet, and
 * its number is to be put there. Until the next node_index_add.
 */
uint32_t *node_index_find(struct node_index *index, const struct profile_node *nodes,
			  uint32_t parent, uint32_t frame);

void node_index_done(struct node_index *index);

#endif
