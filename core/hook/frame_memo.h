// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Frames met before and the nodes that they have, for frame.h. Under the lock. */
#ifndef CORE_HOOK_FRAME_MEMO_H
#define CORE_HOOK_FRAME_MEMO_H

#include "core/base/attributes.h"
#include "core/base/hash.h"
#include "core/shm/segment.h"
#include "core/stack/python_lines.h"

#include <stdint.h>

#define FRAME_MEMO_BITS 10
#define FRAME_MEMOS (1u << FRAME_MEMO_BITS)
#define FRAME_LINE_BITS 11
#define FRAME_LINES (1u << FRAME_LINE_BITS)

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

/** An instruction met before, below whatever parent: what is shown of it. */
struct frame_line {
	/** As in struct frame_memo. */
	uintptr_t code;
	uintptr_t instruction;
	uint32_t generation;
	/** The code's in the segment. */
	uint32_t number;
	uint32_t line;
	uint32_t is_import_system;
};

/** Zeroed: empty. Each entry is taken by whichever frame came last. */
struct frames {
	struct frame_memo memos[FRAME_MEMOS];
	struct frame_line lines_known[FRAME_LINES];
	struct python_lines lines;
	/** On its way into the segment. Not on the stack, of which there may be little. */
	struct code code;
};

/** Where an instruction is remembered, if it is. */
attr_inline struct frame_line *frame_line(struct frames *frames, uintptr_t code,
					  uintptr_t instruction)
{
	return &frames->lines_known[hash_mix(code, instruction) >> (64 - FRAME_LINE_BITS)];
}

/** Where a frame is remembered, if it is. */
attr_inline struct frame_memo *frame_memo(struct frames *frames, uintptr_t instruction,
					  uint32_t parent)
{
	/* Bits of both reach the highest ten. */
	uint32_t hash = (uint32_t)(instruction >> 1) * 0x9e3779b1u ^ parent * 0x85ebca6bu;
	return &frames->memos[hash >> (32 - FRAME_MEMO_BITS)];
}

#endif
