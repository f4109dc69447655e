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

/** Zeroed: of the root alone, number 0. Memory is the index's, until node_index_done. */
struct node_index {
	struct node_links *links;
	uint32_t capacity;
	uint32_t count;
};

/**
 * The number of the node of a frame below a parent, which is the root or in nodes. One that is new
 * gets the next number, and the caller puts it into nodes there. 0 with ENOMEM, and nothing
 * changed.
 */
uint32_t node_index_intern(struct node_index *index, const struct profile_node *nodes,
			   uint32_t parent, uint32_t frame);

void node_index_done(struct node_index *index);

#endif
