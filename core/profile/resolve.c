// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/resolve.h"

#include "core/host/sort.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Longest name that is kept. */
#define NAME_BYTES_MAX 4096u

#define LABEL_NO_STACK "[No Python stack]"
#define LABEL_DAMAGED "[damaged record]"
#define LABEL_UNNAMED "[unnamed]"

/** In resolver.mapped: the path from this node to the root is being followed. */
#define MAPPING UINT32_MAX

int resolver_init(struct resolver *resolver, const struct segment_reader *reader,
		  struct builder *builder)
{
	*resolver = (struct resolver){ .builder = builder };
	/* In this order: what a node names was there before it. */
	if (reader_copy_shared(reader, ARENA_NODE, &resolver->nodes)
	    || reader_copy_shared(reader, ARENA_CODE, &resolver->codes)
	    || reader_copy_shared(reader, ARENA_TEXT, &resolver->texts)) {
		return -1;
	}
	resolver->frame_of = calloc(resolver->nodes.used + 1, sizeof(*resolver->frame_of));
	resolver->mapped = calloc(resolver->nodes.used + 1, sizeof(*resolver->mapped));
	resolver->is_below_root =
		calloc(resolver->nodes.used + 1, sizeof(*resolver->is_below_root));
	return resolver->frame_of && resolver->mapped && resolver->is_below_root ? 0 : -1;
}

void resolver_begin_at(struct resolver *resolver, uint32_t code, bool is_hidden)
{
	resolver->root_code = code;
	resolver->is_root_hidden = is_hidden;
}

static const struct node *segment_node(const struct resolver *resolver, uint32_t node)
{
	return arena_element(&resolver->nodes, node);
}

void resolver_want(struct resolver *resolver, uint32_t node)
{
	const struct node *at = segment_node(resolver, node);
	/* A node asked for before has its whole path asked for, also in a cycle. */
	for (; at && !resolver->frame_of[node]; at = segment_node(resolver, node)) {
		if (!array_reserve((void **)&resolver->wanted, &resolver->wanted_capacity,
				   (uint64_t)resolver->wanted_count + 1,
				   sizeof(*resolver->wanted))) {
			resolver->failed = true;
			return;
		}
		resolver->wanted[resolver->wanted_count++] = node;
		resolver->frame_of[node] = 1;
		node = at->parent;
	}
}

/** At most max bytes, ending before a UTF-8 sequence that is cut, if there is one. */
static size_t cut_utf8(const char *bytes, size_t len, size_t max)
{
	if (len < max) {
		return len;
	}
	len = max;
	for (size_t back = 1; back <= 3 && back < len; back++) {
		unsigned char c = (unsigned char)bytes[len - back];
		if (c >= 0xc0) {
			return len - back;
		}
		if (c < 0x80) {
			break;
		}
	}
	return len;
}

uint32_t resolver_text(struct resolver *resolver, uint32_t text)
{
	size_t len;
	char *bytes = arena_text(&resolver->texts, text, NAME_BYTES_MAX, &len);
	if (!bytes) {
		return 0;
	}
	uint32_t offset = builder_string(resolver->builder, bytes,
					 cut_utf8(bytes, len, NAME_BYTES_MAX));
	free(bytes);
	return offset;
}

static uint32_t label_frame(struct builder *builder, const char *text)
{
	return builder_frame(builder, 0, builder_text(builder, text), 0, FRAME_LABEL);
}

static uint32_t label_of_code(struct resolver *resolver, const struct code *code)
{
	uint32_t text = resolver_text(resolver, code->qualname);
	return text ? builder_frame(resolver->builder, 0, text, 0, FRAME_LABEL)
		    : label_frame(resolver->builder, LABEL_UNNAMED);
}

/* Wanted nodes are sorted by their code and place, which are the key; the value is the node. */

static uint32_t code_of(const struct sort_pair *node)
{
	return (uint32_t)(node->key >> 32);
}

static uint32_t place_of(const struct sort_pair *node)
{
	return (uint32_t)node->key;
}

/** Resolve count nodes of one Python code, those of a line one behind the other. */
static void resolve_python(struct resolver *resolver, const struct code *code,
			   const struct sort_pair *nodes, uint32_t count)
{
	struct builder *builder = resolver->builder;
	uint32_t name = resolver->sources ? scope_shown_name(resolver->sources, code->filename)
					  : code->filename;
	uint32_t file = resolver_text(resolver, name);
	uint32_t function = resolver_text(resolver, code->qualname);
	uint32_t frame = 0;
	for (uint32_t i = 0, line = 0; i < count; i++) {
		if (i == 0 || place_of(&nodes[i]) != line) {
			line = place_of(&nodes[i]);
			frame = builder_frame(builder, file, function, line, 0);
		}
		resolver->frame_of[nodes[i].value] = frame + 1;
	}
}

/** The path of a module, which the loader may have found by a relative one; not the vdso's name. */
static uint32_t module_path(struct resolver *resolver, uint32_t text)
{
	uint32_t path = resolver_text(resolver, text);
	const char *name = profile_string(resolver->builder->profile, path);
	char *whole = NULL;
	if (!resolver->directory || !resolver->directory[0] || name[0] == '/' || !strchr(name, '/')
	    || asprintf(&whole, "%s/%s", resolver->directory,
			strncmp(name, "./", 2) == 0 ? name + 2 : name)
		    < 0) {
		return path;
	}
	path = builder_text(resolver->builder, whole);
	free(whole);
	return path;
}

/** The module that a code is, or is of. */
static uint32_t module_of(struct resolver *resolver, const struct code *code)
{
	return builder_module(resolver->builder, module_path(resolver, code->filename),
			      resolver_text(resolver, code->qualname));
}

bool resolver_mapper(struct resolver *resolver, uint32_t node, uint32_t *ret_module,
		     uint32_t *ret_stack)
{
	const struct node *at = segment_node(resolver, node);
	const struct code *code = at ? arena_element(&resolver->codes, at->code) : NULL;
	if (!code || code->kind != CODE_MAPPER) {
		return false;
	}
	*ret_module = module_of(resolver, code);
	*ret_stack = at->parent;
	return true;
}

/**
 * Resolve count nodes of one object file, those of a place one behind the other, to their addresses
 * in it; names come later (names.h).
 */
static void resolve_native(struct resolver *resolver, const struct code *code,
			   const struct sort_pair *nodes, uint32_t count)
{
	struct builder *builder = resolver->builder;
	uint32_t module = module_of(resolver, code);
	uint64_t known = 0;
	uint32_t frame = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = (uint64_t)(uint32_t)code->first_line << 32
			| place_of(&nodes[i]);
		/* Where a call returns to may be the next line, or the next function. */
		address -= code->variant == NATIVE_RETURN && address ? 1 : 0;
		if (i == 0 || address != known) {
			known = address;
			frame = builder_unnamed(builder, module, address);
		}
		resolver->frame_of[nodes[i].value] = frame + 1;
	}
}

/** Resolve count nodes that have the same code number. */
static void resolve_code(struct resolver *resolver, const struct sort_pair *nodes,
			 uint32_t count)
{
	const struct code *code = arena_element(&resolver->codes, code_of(nodes));
	if (code && code->kind == CODE_PYTHON) {
		resolve_python(resolver, code, nodes, count);
		return;
	}
	if (code && code->kind == CODE_NATIVE) {
		resolve_native(resolver, code, nodes, count);
		return;
	}
	uint32_t frame = code && code->kind == CODE_LABEL
		? label_of_code(resolver, code)
		: label_frame(resolver->builder, LABEL_DAMAGED);
	for (uint32_t i = 0; i < count; i++) {
		resolver->frame_of[nodes[i].value] = frame + 1;
	}
}

/** The wanted nodes by code and place; NULL without memory. */
static struct sort_pair *sort_wanted(const struct resolver *resolver)
{
	uint32_t count = resolver->wanted_count;
	struct sort_pair *order = malloc(((size_t)count + 1) * 2 * sizeof(*order));
	if (!order) {
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct node *node = segment_node(resolver, resolver->wanted[i]);
		order[i] = (struct sort_pair){ (uint64_t)node->code << 32 | node->place,
					       resolver->wanted[i] };
	}
	sort_pairs(order, count, order + count);
	return order;
}

int resolver_run(struct resolver *resolver)
{
	struct sort_pair *nodes = resolver->failed ? NULL : sort_wanted(resolver);
	if (!nodes) {
		errno = ENOMEM;
		return -1;
	}
	uint32_t next;
	for (uint32_t i = 0; i < resolver->wanted_count; i = next) {
		next = i + 1;
		while (next < resolver->wanted_count
		       && code_of(&nodes[next]) == code_of(&nodes[i])) {
			next++;
		}
		resolve_code(resolver, nodes + i, next - i);
	}
	free(nodes);
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/** A frame of the runpy module, but not the body of a program that has its name. */
static bool is_runpy(const struct profile *profile, uint32_t number)
{
	const struct profile_frame *frame = &profile->frames[number];
	const char *file = profile_string(profile, frame->file);
	return (strcmp(file, "<frozen runpy>") == 0 || ends_with(file, "/runpy.py"))
		&& strcmp(profile_string(profile, frame->function), "<module>") != 0;
}

/** A frame of the import system, which lies between every import and what it executes. */
static bool is_import_system(const struct profile *profile, uint32_t number)
{
	static const char start[] = "<frozen importlib._bootstrap";
	const char *file = profile_string(profile, profile->frames[number].file);
	return strncmp(file, start, sizeof(start) - 1) == 0;
}

/** True if stacks through this node begin at it; what is below it is known to be. */
static bool begins_stacks(struct resolver *resolver, uint32_t node)
{
	const struct node *at = segment_node(resolver, node);
	bool is_below = segment_node(resolver, at->parent) && resolver->is_below_root[at->parent];
	bool begins = !is_below && resolver->root_code && at->code == resolver->root_code;
	resolver->is_below_root[node] = is_below || begins;
	return begins;
}

/**
 * The node for a frame of the segment below a parent in the profile; that parent if it is left out.
 */
static uint32_t map_below(struct resolver *resolver, uint32_t parent, uint32_t node)
{
	const struct profile *profile = resolver->builder->profile;
	uint32_t frame = resolver->frame_of[node] - 1;
	if (resolver->builder->failed) {
		return 0;
	}
	if (begins_stacks(resolver, node)) {
		return resolver->is_root_hidden ? 0 : builder_node(resolver->builder, 0, frame);
	}
	if ((parent == 0 && is_runpy(profile, frame)) || is_import_system(profile, frame)) {
		return parent;
	}
	return builder_node(resolver->builder, parent, frame);
}

/** True if a path to the root can go on through node: it exists and is not mapped. */
static bool is_unmapped(const struct resolver *resolver, uint32_t node)
{
	return segment_node(resolver, node) && !resolver->mapped[node];
}

/**
 * Map a node and all above it. Up first, leaving a way back in wanted (whose order no longer
 * matters), then down.
 */
static uint32_t map_path(struct resolver *resolver, uint32_t node)
{
	uint32_t depth = 0;
	uint32_t parent = 0;
	for (; is_unmapped(resolver, node); node = segment_node(resolver, node)->parent) {
		resolver->wanted[depth++] = node;
		resolver->mapped[node] = MAPPING;
	}
	if (segment_node(resolver, node) && resolver->mapped[node] != MAPPING) {
		parent = resolver->mapped[node] - 1;
	}
	while (depth) {
		node = resolver->wanted[--depth];
		parent = map_below(resolver, parent, node);
		resolver->mapped[node] = parent + 1;
	}
	return parent;
}

uint32_t resolver_node(struct resolver *resolver, uint32_t node)
{
	struct builder *builder = resolver->builder;
	if (!segment_node(resolver, node) || !resolver->frame_of[node]) {
		return builder_node(builder, 0,
				    label_frame(builder, node ? LABEL_DAMAGED : LABEL_NO_STACK));
	}
	uint32_t mapped = map_path(resolver, node);
	uint32_t frame = resolver->frame_of[node] - 1;
	/* What allocates is shown, whatever it is. */
	bool is_left_out = builder->failed || !mapped
		|| builder->profile->nodes[mapped].frame != frame;
	return is_left_out ? builder_node(builder, mapped, frame) : mapped;
}

void resolver_done(struct resolver *resolver)
{
	arena_done(&resolver->nodes);
	arena_done(&resolver->codes);
	arena_done(&resolver->texts);
	free(resolver->frame_of);
	free(resolver->mapped);
	free(resolver->is_below_root);
	free(resolver->wanted);
}
