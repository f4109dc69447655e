// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From a frame that was read to its node. What no report tells apart is one node: instructions of
 * the same line, and what the import system does between an import and what it executes. All under
 * the lock.
 */
#ifndef CORE_HOOK_FRAME_H
#define CORE_HOOK_FRAME_H

#include "core/hook/hook.h"

#include <stdint.h>

/** frame_node of a frame that is left out, or not remembered: it is now, in memo. */
uint32_t frame_node_slowly(const struct python_cache *cache, unsigned i, uint32_t parent,
			   struct frame_memo *memo);

/**
 * The node of position i of a cache that python_walk has just filled, below parent; parent itself
 * if it is a frame that is left out.
 */
attr_inline uint32_t frame_node(const struct python_cache *cache, unsigned i, uint32_t parent)
{
	uintptr_t instruction = python_instruction(&hook.python, cache, i);
	struct frame_memo *memo = frame_memo(&hook.frames, instruction, parent);
	if (likely(memo->code == cache->code[i] && memo->instruction == instruction
		   && memo->parent == parent && memo->generation == hook.codes.generation)) {
		return memo->node;
	}
	return frame_node_slowly(cache, i, parent, memo);
}

/**
 * The same for the innermost frame, whose memory this is: one of the import system is not left out.
 */
uint32_t frame_innermost_node(const struct python_cache *cache, unsigned i, uint32_t parent);

/** The number of the code object at an address, which lives; 0 without space. */
uint32_t frame_code(uintptr_t address);

#endif
