// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From a frame that was read to its node. What no report tells apart is one node: instructions of
 * the same line, and what the import system does between an import and what it executes. All under
 * the lock.
 */
#ifndef CORE_HOOK_FRAME_H
#define CORE_HOOK_FRAME_H

#include "core/shm/segment.h"
#include "core/stack/python.h"
#include "core/stack/python_lines.h"

#include <stdint.h>

#define FRAME_MEMOS 1024u

/** A frame met before: which node it has below its parent. */
struct frame_memo {
	/** Address of the code object; 0: nothing is remembered. */
	uintptr_t code;
	/** What tells where in the code: as it stands in the cache, or the offset. */
	uintptr_t instruction;
	uint32_t parent;
	/** codes.generation then: later the address may be another code's. */
	uint32_t generation;
	uint32_t node;
	uint32_t reserved;
};

/** Zeroed: empty. Each place is taken by whichever frame came last. */
struct frames {
	struct frame_memo memos[FRAME_MEMOS];
	struct python_lines lines;
	/** On its way into the segment. Not on the stack, of which there may be little. */
	struct code code;
};

/**
 * The node of position i of a cache that python_walk has just filled, below parent; parent itself
 * if it is a frame that is left out.
 */
uint32_t frame_node(const struct python_cache *cache, unsigned i, uint32_t parent);

/**
 * The same for the innermost frame, whose memory this is: one of the import system is not left out.
 */
uint32_t frame_innermost_node(const struct python_cache *cache, unsigned i, uint32_t parent);

/** The number of the code object at an address, which lives; 0 without space. */
uint32_t frame_code(uintptr_t address);

#endif
