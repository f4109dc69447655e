// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/node_index.h"

#include "tests/unit/test.h"

#define NODES 300000

static struct profile_node nodes[NODES];
static struct node_index nodes_index;

/** The number of a node, which is made if it is new. */
static uint32_t node_of(uint32_t parent, uint32_t frame)
{
	uint32_t before = nodes_index.count;
	uint32_t number = node_index_intern(&nodes_index, nodes, parent, frame);
	REQUIRE(number);
	if (nodes_index.count != before) {
		nodes[number] = (struct profile_node){ parent, frame };
	}
	/* Asked for again: adding may have moved where it stands. */
	CHECK_INT(node_index_intern(&nodes_index, nodes, parent, frame), number);
	return number;
}

static void finds_many_below_one(void)
{
	node_index_done(&nodes_index);
	for (uint32_t frame = 0; frame < NODES - 1; frame++) {
		CHECK_INT(node_of(0, frame), frame + 1);
	}
	for (uint32_t frame = 0; frame < NODES - 1; frame += 7) {
		CHECK_INT(node_of(0, frame), frame + 1);
	}
	CHECK_INT(nodes_index.count, NODES);
}

static void finds_one_below_another(void)
{
	node_index_done(&nodes_index);
	uint32_t node = 0;
	for (uint32_t depth = 0; depth < NODES / 2; depth++) {
		node = node_of(node, 5);
		CHECK_INT(node, depth + 1);
	}
	node = 0;
	for (uint32_t depth = 0; depth < NODES / 2; depth++) {
		node = node_of(node, 5);
	}
	CHECK_INT(node, NODES / 2);
}

static void tells_parents_apart(void)
{
	node_index_done(&nodes_index);
	uint32_t outer = node_of(0, 1), other = node_of(0, 2);
	uint32_t below_outer = node_of(outer, 9), below_other = node_of(other, 9);
	CHECK(below_outer != below_other && below_outer != node_of(0, 9));
	CHECK_INT(node_of(outer, 9), below_outer);
	CHECK_INT(node_of(other, 9), below_other);
}

int main(void)
{
	RUN(finds_many_below_one);
	RUN(finds_one_below_another);
	RUN(tells_parents_apart);
	node_index_done(&nodes_index);
	return test_done();
}
