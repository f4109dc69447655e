// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From the nodes of a segment to the nodes of a profile: frames get file, function and line, and
 * nodes that differ only by an instruction on the same line become one.
 *
 * Leading frames of Python's runpy, which "python -m" puts below the program, and those of the
 * import system, five for every import in the stack, are left out unless they themselves allocated
 * (as Python's own tracebacks leave them out). A stack without any frame gets the label "[No Python
 * stack]". Whatever a damaged segment says, there is an answer for every node: cycles end at the
 * root, a frame that cannot be read is the label "[damaged record]".
 */
#ifndef CORE_PROFILE_RESOLVE_H
#define CORE_PROFILE_RESOLVE_H

#include "core/profile/builder.h"
#include "core/profile/scope.h"
#include "core/profile/segment_reader.h"

struct resolver {
	struct builder *builder;
	struct arena_copy nodes;
	struct arena_copy codes;
	struct arena_copy texts;
	/** By node of the segment: 0: not asked for; else the frame, + 1. */
	uint32_t *frame_of;
	/** By node of the segment: 0: not mapped yet; else the node of the profile, + 1. */
	uint32_t *mapped;
	/** Names of files that were handed over; NULL: none. */
	const struct scope_sources *sources;
	/** Where the workload was started: relative paths of libraries count from there. */
	const char *directory;
	/** Stacks begin at the outermost frame of this code, or below it; 0: at their root. */
	uint32_t root_code;
	bool is_root_hidden;
	/** By node of the segment: the path to it has such a frame. */
	bool *is_below_root;
	/** Nodes asked for, in any order. */
	uint32_t *wanted;
	uint32_t wanted_count;
	uint32_t wanted_capacity;
	bool failed;
};

/**
 * Read what is needed of the segment, after its entries. 0, or -1 with errno; resolver_done in any
 * case.
 */
int resolver_init(struct resolver *resolver, const struct segment_reader *reader,
		  struct builder *builder);

/** Let stacks that have a frame of a code begin at the outermost of them, or (hidden) below it. */
void resolver_begin_at(struct resolver *resolver, uint32_t code, bool is_hidden);

/**
 * The mapper that the stack of a mapping ends with, as a module of the profile, and the node above
 * it: the stack itself. False: node is of no mapping, or nobody knows who has asked for it.
 */
bool resolver_mapper(struct resolver *resolver, uint32_t node, uint32_t *ret_module,
		     uint32_t *ret_stack);

/** Ask for a stack. All must be asked for before resolver_run. */
void resolver_want(struct resolver *resolver, uint32_t node);

/** Resolve the frames of all stacks asked for. 0, or -1 with errno ENOMEM. */
int resolver_run(struct resolver *resolver);

/** The node of the profile for a stack that was asked for. Never the root. */
uint32_t resolver_node(struct resolver *resolver, uint32_t node);

/** A text of the segment as a string of the profile; 0 if there is none. */
uint32_t resolver_text(struct resolver *resolver, uint32_t text);

void resolver_done(struct resolver *resolver);

#endif
