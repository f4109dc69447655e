// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/names.h"

#include "core/base/attributes.h"
#include "core/base/recording.h"
#include "core/profile/builder.h"
#include "core/profile/quote.h"
#include "core/symbols/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/**
 * When so much time has gone by, debuginfod's servers are not asked for further modules; and then,
 * these are left without names. Without servers, a hundred modules take about a second.
 */
#define SERVERS_MS_MAX 10000
#define ALL_MS_MAX 120000

/** What a frame becomes: frames of the new profile, outermost first, in namer.chained. */
struct chain {
	uint32_t first;
	uint32_t count;
};

struct namer {
	const struct profile *old;
	const struct names_request *request;
	struct builder builder;
	struct names_count count;
	/** On the monotonic clock. */
	int64_t start_ms;
	/** By frame of the old profile. count 0: not yet made. */
	struct chain *chains;
	uint32_t *chained;
	uint32_t chained_count;
	uint32_t chained_capacity;
	/** Frames that have no line, by module and address. */
	uint32_t *asked;
	/** Addresses of one module, each once. */
	uint64_t *addresses;
};

static uint32_t copy_string(struct namer *namer, uint32_t string)
{
	return builder_text(&namer->builder, profile_string(namer->old, string));
}

static void chain_add(struct namer *namer, uint32_t frame)
{
	if (!array_reserve((void **)&namer->chained, &namer->chained_capacity,
			   (uint64_t)namer->chained_count + 1, sizeof(*namer->chained))) {
		namer->builder.failed = true;
		return;
	}
	namer->chained[namer->chained_count++] = frame;
}

/** A frame as it is. */
static void copy_frame(struct namer *namer, uint32_t number)
{
	struct profile_frame frame = namer->old->frames[number];
	uint32_t source = copy_string(namer, frame.source);
	frame.file = copy_string(namer, frame.file);
	frame.function = copy_string(namer, frame.function);
	uint32_t copy = builder_whole_frame(&namer->builder, &frame);
	namer->chains[number] = (struct chain){ namer->chained_count, 1 };
	chain_add(namer, copy);
	if (!namer->builder.failed) {
		namer->builder.profile->frames[copy].source = source;
	}
}

/* ---- asking ---- */

static bool is_asked(const struct profile *profile, const struct profile_frame *frame)
{
	return (frame->flags & (FRAME_NATIVE | FRAME_INLINED)) == FRAME_NATIVE && !frame->line
		&& frame->module && profile->modules[frame->module - 1].state != SYMBOLS_FULL;
}

static int compare_asked(const void *a, const void *b, void *context)
{
	const struct profile_frame *frames = context;
	const struct profile_frame *x = &frames[*(const uint32_t *)a];
	const struct profile_frame *y = &frames[*(const uint32_t *)b];
	if (x->module != y->module) {
		return x->module < y->module ? -1 : 1;
	}
	return x->address < y->address ? -1 : x->address > y->address;
}

static int list_asked(struct namer *namer)
{
	const struct profile *old = namer->old;
	bool *used = profile_used_frames(old);
	namer->chains = calloc((size_t)old->frame_count + 1, sizeof(*namer->chains));
	namer->asked = malloc(((size_t)old->frame_count + 1) * sizeof(*namer->asked));
	namer->addresses = malloc(((size_t)old->frame_count + 1) * sizeof(*namer->addresses));
	if (!used || !namer->chains || !namer->asked || !namer->addresses) {
		free(used);
		return -1;
	}
	for (uint32_t i = 0; i < old->frame_count; i++) {
		if (used[i] && is_asked(old, &old->frames[i])) {
			namer->asked[namer->count.asked++] = i;
		}
	}
	free(used);
	qsort_r(namer->asked, namer->count.asked, sizeof(*namer->asked), compare_asked,
		old->frames);
	return 0;
}

/** One function of an answer as a frame; is_inlined: into the one before it. */
static uint32_t name_frame(struct namer *namer, const struct profile_frame *old,
			   const struct symbol_frame *found, bool is_inlined)
{
	struct builder *builder = &namer->builder;
	const char *file = found->file;
	if (!found->line || !file[0]) {
		file = profile_module_name(namer->old, old->module - 1);
	}
	return builder_whole_frame(builder, &(struct profile_frame){
		.file = builder_text(builder, file),
		.function = found->function[0] ? builder_text(builder, found->function)
					       : copy_string(namer, old->function),
		.line = file == found->file ? found->line : 0,
		.flags = FRAME_NATIVE | (is_inlined ? FRAME_INLINED : 0),
		.module = old->module,
		.address = old->address,
	});
}

/** Give a frame what was found at its address, unless that is nothing new. */
static void name_chain(struct namer *namer, uint32_t number, const struct symbol_frame *found,
		       uint32_t count)
{
	const struct profile_frame *old = &namer->old->frames[number];
	const struct symbol_frame *innermost = &found[count ? count - 1 : 0];
	if (count == 0 || (!innermost->line && (old->file || !innermost->function[0]))) {
		return;
	}
	namer->chains[number] = (struct chain){ namer->chained_count, count };
	for (uint32_t i = 0; i < count; i++) {
		chain_add(namer, name_frame(namer, old, &found[i], i > 0));
	}
	namer->count.named++;
}

/** Remember what became of a module, unless more was known before. */
static void set_state(struct namer *namer, const struct profile_module *old,
		      const struct symbols *symbols)
{
	struct builder *builder = &namer->builder;
	enum symbols_state state = symbols->state;
	bool is_better = state == SYMBOLS_FULL || state == SYMBOLS_NAMES;
	uint32_t number = builder_module(builder, copy_string(namer, old->path),
					 copy_string(namer, old->build_id));
	if (!builder->failed && (old->state == SYMBOLS_UNREAD || is_better)) {
		builder->profile->modules[number].state = state;
		builder->profile->modules[number].flags |= symbols->is_program ? MODULE_PROGRAM : 0;
	}
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Ask for the frames asked[0 .. count-1], which are of one module. */
static void name_module(struct namer *namer, const uint32_t *asked, uint32_t count)
{
	const struct profile *old = namer->old;
	const struct profile_module *module = &old->modules[old->frames[asked[0]].module - 1];
	int64_t spent_ms = now_ms() - namer->start_ms;
	struct symbols_request request = {
		.path = profile_string(old, module->path),
		.build_id = profile_string(old, module->build_id),
		.places = {
			.root = namer->request->root ? namer->request->root : "",
			.folders = namer->request->folders,
			.folder_count = namer->request->folder_count,
			.without_servers = spent_ms > SERVERS_MS_MAX,
		},
		.addresses = namer->addresses,
	};
	struct symbols symbols = { .state = SYMBOLS_READER_DIED };
	if (spent_ms > ALL_MS_MAX) {
		set_state(namer, module, &symbols);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = old->frames[asked[i]].address;
		if (i == 0 || address != namer->addresses[request.count - 1]) {
			namer->addresses[request.count++] = address;
		}
	}
	if (symbols_resolve(&request, &symbols) != 0) {
		symbols_done(&symbols);
		return;
	}
	set_state(namer, module, &symbols);
	for (uint32_t i = 0, k = 0; i < count; i++) {
		k += old->frames[asked[i]].address != namer->addresses[k];
		uint32_t first = symbols.first[k];
		name_chain(namer, asked[i], symbols.frames + first, symbols.first[k + 1] - first);
	}
	symbols_done(&symbols);
}

static void name_all(struct namer *namer)
{
	const struct profile_frame *frames = namer->old->frames;
	uint32_t next;
	for (uint32_t i = 0; i < namer->count.asked; i = next) {
		next = i + 1;
		while (next < namer->count.asked
		       && frames[namer->asked[next]].module == frames[namer->asked[i]].module) {
			next++;
		}
		name_module(namer, namer->asked + i, next - i);
	}
}

/* ---- the new profile ---- */

/** In the order of the old one, so that their numbers stay. */
static void copy_modules(struct namer *namer)
{
	struct builder *builder = &namer->builder;
	for (uint32_t i = 0; i < namer->old->module_count; i++) {
		const struct profile_module *module = &namer->old->modules[i];
		uint32_t copy = builder_module(builder, copy_string(namer, module->path),
					       copy_string(namer, module->build_id));
		if (!builder->failed) {
			struct profile_module *to = &builder->profile->modules[copy];
			uint32_t path = to->path, build_id = to->build_id;
			*to = *module;
			to->path = path;
			to->build_id = build_id;
		}
	}
}

static bool is_libc(const struct profile *profile, const struct profile_frame *frame)
{
	static const char *const starts[] = { "libc.so.", "libc-2.", "libpthread", "ld-musl-" };
	const char *name = frame->module ? profile_module_name(profile, frame->module - 1) : "";
	for (size_t i = 0; i < countof(starts); i++) {
		if (strncmp(name, starts[i], strlen(starts[i])) == 0) {
			return true;
		}
	}
	return false;
}

/** Frames that lie below main, or a thread's function, in every program. */
static bool is_startup(const struct profile *profile, uint32_t number)
{
	static const char *const names[] = {
		"_start", "__libc_start_main", "__libc_start_main_impl",
		"__libc_start_call_main", "libc_start_main_stage2", "_start_c",
		"start_thread", "clone", "clone3", "__clone", "__clone3", "__clone_internal",
	};
	const struct profile_frame *frame = &profile->frames[number];
	const char *function = profile_string(profile, frame->function);
	if (!(frame->flags & FRAME_NATIVE)) {
		return false;
	}
	for (size_t i = 0; i < countof(names); i++) {
		if (strcmp(function, names[i]) == 0) {
			return true;
		}
	}
	/* Some are local to glibc: without its debug file they have no names. */
	return frame->flags & FRAME_LABEL && is_libc(profile, frame);
}

static bool is_ended(const struct profile *profile, const struct profile_frame *frame)
{
	return frame->flags & FRAME_LABEL
		&& strcmp(profile_string(profile, frame->function), LABEL_NO_TABLE) == 0;
}

/** True if a node and all above it are of a C library without unwind tables, as musl is. */
static bool is_libc_that_ends(const struct profile *profile, uint32_t node)
{
	const struct profile_frame *frame = NULL;
	for (; node; node = profile->nodes[node].parent) {
		frame = &profile->frames[profile->nodes[node].frame];
		if (!is_ended(profile, frame) && !is_libc(profile, frame)) {
			return false;
		}
	}
	return frame && is_ended(profile, frame);
}

/** The main of a C program. */
static bool is_main(const struct profile *profile, uint32_t number)
{
	const struct profile_frame *frame = &profile->frames[number];
	return frame->flags & FRAME_NATIVE
		&& strcmp(profile_string(profile, frame->function), "main") == 0;
}

/** The node for a frame below a parent; the root if it is left out. */
static uint32_t add_node(struct namer *namer, uint32_t parent, uint32_t frame)
{
	const struct profile *profile = namer->builder.profile;
	if (!parent && is_startup(profile, frame)) {
		return 0;
	}
	if (parent && is_main(profile, frame) && is_libc_that_ends(profile, parent)) {
		parent = 0;
	}
	return builder_node(&namer->builder, parent, frame);
}

/** The node of a stack that ends with an old one: what allocates is shown, whatever it is. */
static uint32_t stack_node(struct namer *namer, const uint32_t *nodes, uint32_t old)
{
	if (nodes[old] || !old || namer->builder.failed) {
		return nodes[old];
	}
	struct chain chain = namer->chains[namer->old->nodes[old].frame];
	return builder_node(&namer->builder, 0, namer->chained[chain.first + chain.count - 1]);
}

/** The new node of each old one, 0 for leading ones that are left out; NULL without memory. */
static uint32_t *copy_nodes(struct namer *namer)
{
	const struct profile *old = namer->old;
	uint32_t *nodes = calloc((size_t)old->node_count + 1, sizeof(*nodes));
	if (!nodes) {
		namer->builder.failed = true;
		return NULL;
	}
	for (uint32_t i = 1; i < old->node_count && !namer->builder.failed; i++) {
		const struct profile_node *node = &old->nodes[i];
		if (!namer->chains[node->frame].count) {
			copy_frame(namer, node->frame);
		}
		struct chain chain = namer->chains[node->frame];
		uint32_t at = nodes[node->parent];
		for (uint32_t k = 0; k < chain.count && !namer->builder.failed; k++) {
			at = add_node(namer, at, namer->chained[chain.first + k]);
		}
		nodes[i] = at;
	}
	return nodes;
}

static void copy_run(struct namer *namer)
{
	const struct profile *old = namer->old;
	struct profile *profile = namer->builder.profile;
	profile->outcome = old->outcome;
	profile->conditions = old->conditions;
	profile->moment = old->moment;
	profile->tool_version = copy_string(namer, old->tool_version);
	profile->command = copy_string(namer, old->command);
	profile->directory = copy_string(namer, old->directory);
	profile->host = copy_string(namer, old->host);
	profile->peak_bytes = old->peak_bytes;
	profile->end_bytes = old->end_bytes;
	profile->end_blocks = old->end_blocks;
	profile->total_blocks = old->total_blocks;
	profile->total_bytes = old->total_bytes;
	profile->segment_bytes = old->segment_bytes;
	profile->repaired_operations = old->repaired_operations;
	builder_samples(&namer->builder, old->samples, old->sample_count);
}

static void copy_lists(struct namer *namer, const uint32_t *nodes)
{
	const struct profile *old = namer->old;
	struct builder *builder = &namer->builder;
	for (uint32_t i = 0; i < old->entry_count; i++) {
		struct profile_entry entry = old->entries[i];
		entry.node = stack_node(namer, nodes, entry.node);
		builder_entry(builder, &entry);
	}
	for (uint32_t i = 0; i < old->process_count; i++) {
		struct profile_process process = old->processes[i];
		process.executable = copy_string(namer, process.executable);
		builder_process(builder, &process);
	}
	for (uint32_t i = 0; i < old->thread_count; i++) {
		struct profile_thread thread = old->threads[i];
		thread.node = stack_node(namer, nodes, thread.node);
		builder_thread(builder, &thread);
	}
	for (uint32_t i = 0; i < old->file_count; i++) {
		struct profile_file file = old->files[i];
		file.name = copy_string(namer, file.name);
		builder_file(builder, &file);
	}
	if (!builder->failed) {
		builder->profile->failed_node = stack_node(namer, nodes, old->failed_node);
		builder->profile->breach_node = stack_node(namer, nodes, old->breach_node);
	}
}

static void quote(struct namer *namer)
{
	const struct names_request *request = namer->request;
	struct source_place place = {
		.root = request->root ? request->root : "",
		.directory = profile_string(namer->old, namer->old->directory),
		.start_unix_ms = namer->old->outcome.start_unix_ms,
	};
	if (request->with_source) {
		quote_sources(&namer->builder, &place, FRAME_NATIVE);
	}
}

static struct profile *build(struct namer *namer)
{
	copy_modules(namer);
	name_all(namer);
	if (namer->builder.failed) {
		return NULL;
	}
	copy_run(namer);
	uint32_t *nodes = copy_nodes(namer);
	if (nodes && !namer->builder.failed) {
		copy_lists(namer, nodes);
		quote(namer);
	}
	free(nodes);
	return builder_finish(&namer->builder);
}

struct profile *names_find(struct profile *profile, const struct names_request *request,
			   struct names_count *ret_count)
{
	struct namer namer = { .old = profile, .request = request, .start_ms = now_ms() };
	struct profile *named = NULL;
	if (list_asked(&namer) == 0 && namer.count.asked) {
		builder_init(&namer.builder);
		named = build(&namer);
		builder_done(&namer.builder);
	}
	*ret_count = namer.count;
	if (named) {
		profile_free(profile);
	} else {
		ret_count->named = 0;
	}
	free(namer.chains);
	free(namer.chained);
	free(namer.asked);
	free(namer.addresses);
	return named ? named : profile;
}
