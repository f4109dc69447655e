// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Makes a profile: strings, frames and nodes by content, so that equal ones are one; entries of
 * one node are added up.
 *
 * A builder that ran out of memory stays failed: its functions then return 0 and builder_finish
 * NULL, so that callers need to ask only once, at the end.
 */
#ifndef CORE_PROFILE_BUILDER_H
#define CORE_PROFILE_BUILDER_H

#include "core/profile/intern.h"
#include "core/profile/node_index.h"
#include "core/profile/profile.h"

struct builder {
	/** What is being made. Its counts and scalars may be written and read directly. */
	struct profile *profile;
	uint32_t strings_capacity;
	uint32_t frames_capacity;
	uint32_t modules_capacity;
	uint32_t nodes_capacity;
	uint32_t entries_capacity;
	uint32_t processes_capacity;
	uint32_t threads_capacity;
	uint32_t files_capacity;
	struct intern_table strings;
	struct intern_table frames;
	struct intern_table modules;
	struct node_index nodes;
	/** Entry of each node, + 1; grows with the nodes. */
	uint32_t *node_entry;
	uint32_t node_entry_capacity;
	bool failed;
};

/** Start an empty profile: string "", the root node. builder_done must follow, whatever happens. */
void builder_init(struct builder *builder);

/** The offset of a string of len bytes; cut at a NUL. */
uint32_t builder_string(struct builder *builder, const char *bytes, size_t len);
uint32_t builder_text(struct builder *builder, const char *text);

/**
 * The number of the frame of that file, function, line and FRAME_LABEL flag (strings are offsets).
 */
uint32_t builder_frame(struct builder *builder, uint32_t file, uint32_t function, uint32_t line,
		       uint32_t flags);

/**
 * The number of a frame with all that is in it but its source, which is none. Frames of machine
 * code that have a line are one wherever their addresses are; those without are not.
 */
uint32_t builder_whole_frame(struct builder *builder, const struct profile_frame *frame);

/** The number of a frame of machine code of which only the address in a module is known. */
uint32_t builder_unnamed(struct builder *builder, uint32_t module, uint64_t address);

/** The number of the module of that path and build id (strings), SYMBOLS_UNREAD if it is new. */
uint32_t builder_module(struct builder *builder, uint32_t path, uint32_t build_id);

/** The node of a frame below a parent, which is a node of this builder's; 0: the root. */
uint32_t builder_node(struct builder *builder, uint32_t parent, uint32_t frame);

/** Add the numbers of entry to those of its node. An entry that is all zero leaves no trace. */
void builder_entry(struct builder *builder, const struct profile_entry *entry);

/** Append. */
void builder_process(struct builder *builder, const struct profile_process *process);
void builder_thread(struct builder *builder, const struct profile_thread *thread);
void builder_file(struct builder *builder, const struct profile_file *file);
void builder_samples(struct builder *builder, const struct usage_sample *samples, uint32_t count);

/** The profile, now the caller's; NULL with errno ENOMEM if anything failed before. */
struct profile *builder_finish(struct builder *builder);

/** Release everything that builder_finish has not given away. */
void builder_done(struct builder *builder);

#endif
