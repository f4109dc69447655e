// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/builder.h"

#include "core/base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** What a file's name may have; no file system has longer ones. */
#define MODULE_NAME_BYTES 255u

/**
 * Append count elements to an array of the profile; false, and the builder fails, without memory.
 */
static bool append(struct builder *builder, void **array, uint32_t *used, uint32_t *capacity,
		   const void *elements, uint32_t count, size_t element_bytes)
{
	if (builder->failed
	    || !array_reserve(array, capacity, (uint64_t)*used + count, element_bytes)) {
		builder->failed = true;
		return false;
	}
	memcpy((char *)*array + *used * element_bytes, elements, count * element_bytes);
	*used += count;
	return true;
}

#define APPEND(builder, what, count_name, elements, count)                                    \
	append((builder), (void **)&(builder)->profile->what, &(builder)->profile->count_name, \
	       &(builder)->what##_capacity, (elements), (count), sizeof(*(builder)->profile->what))

static bool append_node(struct builder *builder, const struct profile_node *node)
{
	uint32_t number = builder->profile->node_count;
	if (!array_reserve((void **)&builder->node_entry, &builder->node_entry_capacity,
			   (uint64_t)number + 1, sizeof(*builder->node_entry))) {
		builder->failed = true;
		return false;
	}
	builder->node_entry[number] = 0;
	return APPEND(builder, nodes, node_count, node, 1);
}

void builder_init(struct builder *builder)
{
	*builder = (struct builder){ 0 };
	builder->profile = calloc(1, sizeof(*builder->profile));
	if (!builder->profile) {
		builder->failed = true;
		return;
	}
	builder_string(builder, "", 0);
	/* Not interned: the root is nobody's child. */
	append_node(builder, &(struct profile_node){ 0, 0 });
}

struct string_key {
	const char *bytes;
	size_t len;
};

static bool same_string(const void *context, uint32_t offset, const void *key)
{
	const struct profile *profile = context;
	const struct string_key *wanted = key;
	const char *have = profile->strings + offset;
	return strncmp(have, wanted->bytes, wanted->len) == 0 && have[wanted->len] == '\0';
}

/**
 * Copy a string behind the others; its offset. The pool counts in size_t, its offsets in 32 bits.
 */
static uint32_t add_string(struct builder *builder, const struct string_key *key)
{
	struct profile *profile = builder->profile;
	uint32_t offset = (uint32_t)profile->strings_bytes;
	if (!array_reserve((void **)&profile->strings, &builder->strings_capacity,
			   (uint64_t)offset + key->len + 1, 1)) {
		builder->failed = true;
		return 0;
	}
	memcpy(profile->strings + offset, key->bytes, key->len);
	profile->strings[offset + key->len] = '\0';
	profile->strings_bytes = (size_t)offset + key->len + 1;
	return offset;
}

uint32_t builder_string(struct builder *builder, const char *bytes, size_t len)
{
	struct string_key key = { bytes, strnlen(bytes, len) };
	if (builder->failed || !intern_reserve(&builder->strings)) {
		builder->failed = true;
		return 0;
	}
	uint64_t hash = hash_bytes(bytes, key.len);
	struct intern_slot *slot =
		intern_find(&builder->strings, hash, same_string, builder->profile, &key);
	if (slot->number) {
		return slot->number - 1;
	}
	uint32_t offset = add_string(builder, &key);
	if (!builder->failed) {
		intern_add(&builder->strings, slot, hash, offset);
	}
	return offset;
}

uint32_t builder_text(struct builder *builder, const char *text)
{
	return builder_string(builder, text, strlen(text));
}

static bool same_frame(const void *context, uint32_t number, const void *key)
{
	const struct profile_frame *have = &((const struct profile *)context)->frames[number];
	const struct profile_frame *wanted = key;
	return have->file == wanted->file && have->function == wanted->function
		&& have->line == wanted->line && have->flags == wanted->flags
		&& (wanted->line
		    || (have->module == wanted->module && have->address == wanted->address));
}

static uint64_t hash_frame(const struct profile_frame *frame)
{
	uint64_t hash = hash_mix((uint64_t)frame->file << 32 | frame->function,
				 (uint64_t)frame->line << 32 | frame->flags);
	return frame->line ? hash : hash_mix(hash_mix(hash, frame->module), frame->address);
}

uint32_t builder_whole_frame(struct builder *builder, const struct profile_frame *frame)
{
	struct profile_frame copy = *frame;
	copy.source = 0;
	if (builder->failed || !intern_reserve(&builder->frames)) {
		builder->failed = true;
		return 0;
	}
	uint64_t hash = hash_frame(&copy);
	struct intern_slot *slot =
		intern_find(&builder->frames, hash, same_frame, builder->profile, &copy);
	if (slot->number) {
		return slot->number - 1;
	}
	uint32_t number = builder->profile->frame_count;
	if (!APPEND(builder, frames, frame_count, &copy, 1)) {
		return 0;
	}
	intern_add(&builder->frames, slot, hash, number);
	return number;
}

uint32_t builder_frame(struct builder *builder, uint32_t file, uint32_t function, uint32_t line,
		       uint32_t flags)
{
	struct profile_frame frame = {
		.file = file, .function = function, .line = line, .flags = flags
	};
	return builder_whole_frame(builder, &frame);
}

uint32_t builder_unnamed(struct builder *builder, uint32_t module, uint64_t address)
{
	char name[MODULE_NAME_BYTES + 24];
	if (builder->failed) {
		return 0;
	}
	snprintf(name, sizeof(name), "%.*s+0x%" PRIx64, (int)MODULE_NAME_BYTES,
		 profile_module_name(builder->profile, module), address);
	return builder_whole_frame(builder, &(struct profile_frame){
		.function = builder_text(builder, name),
		.flags = FRAME_NATIVE | FRAME_LABEL,
		.module = module + 1,
		.address = address,
	});
}

static bool same_module(const void *context, uint32_t number, const void *key)
{
	const struct profile_module *have = &((const struct profile *)context)->modules[number];
	const struct profile_module *wanted = key;
	return have->path == wanted->path && have->build_id == wanted->build_id;
}

uint32_t builder_module(struct builder *builder, uint32_t path, uint32_t build_id)
{
	struct profile_module module = { .path = path, .build_id = build_id };
	if (builder->failed || !intern_reserve(&builder->modules)) {
		builder->failed = true;
		return 0;
	}
	uint64_t hash = hash_mix(path, build_id);
	struct intern_slot *slot =
		intern_find(&builder->modules, hash, same_module, builder->profile, &module);
	if (slot->number) {
		return slot->number - 1;
	}
	uint32_t number = builder->profile->module_count;
	if (!APPEND(builder, modules, module_count, &module, 1)) {
		return 0;
	}
	intern_add(&builder->modules, slot, hash, number);
	return number;
}

uint32_t builder_node(struct builder *builder, uint32_t parent, uint32_t frame)
{
	if (builder->failed) {
		return 0;
	}
	const struct profile *profile = builder->profile;
	uint32_t number = node_index_intern(&builder->nodes, profile->nodes, parent, frame);
	builder->failed = !number;
	if (number != profile->node_count) {
		return number;
	}
	return append_node(builder, &(struct profile_node){ parent, frame }) ? number : 0;
}

static bool entry_is_zero(const struct profile_entry *entry)
{
	return !(entry->peak_bytes | entry->peak_blocks | entry->end_bytes | entry->end_blocks
		 | entry->total_bytes | entry->total_blocks);
}

void builder_entry(struct builder *builder, const struct profile_entry *entry)
{
	if (builder->failed || entry_is_zero(entry)) {
		return;
	}
	uint32_t *number = &builder->node_entry[entry->node];
	if (!*number) {
		if (APPEND(builder, entries, entry_count, entry, 1)) {
			*number = builder->profile->entry_count;
		}
		return;
	}
	profile_entry_add(&builder->profile->entries[*number - 1], entry);
}

void builder_process(struct builder *builder, const struct profile_process *process)
{
	(void)APPEND(builder, processes, process_count, process, 1);
}

void builder_thread(struct builder *builder, const struct profile_thread *thread)
{
	(void)APPEND(builder, threads, thread_count, thread, 1);
}

void builder_file(struct builder *builder, const struct profile_file *file)
{
	(void)APPEND(builder, files, file_count, file, 1);
}

void builder_samples(struct builder *builder, const struct usage_sample *samples, uint32_t count)
{
	uint32_t capacity = builder->failed ? 0 : builder->profile->sample_count;
	if (count && !builder->failed) {
		append(builder, (void **)&builder->profile->samples,
		       &builder->profile->sample_count, &capacity, samples, count,
		       sizeof(*samples));
	}
}

struct profile *builder_finish(struct builder *builder)
{
	if (builder->failed) {
		errno = ENOMEM;
		return NULL;
	}
	struct profile *profile = builder->profile;
	builder->profile = NULL;
	return profile;
}

void builder_done(struct builder *builder)
{
	profile_free(builder->profile);
	free(builder->node_entry);
	intern_done(&builder->strings);
	intern_done(&builder->frames);
	intern_done(&builder->modules);
	node_index_done(&builder->nodes);
	*builder = (struct builder){ .failed = true };
}
