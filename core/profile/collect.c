// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * In this order, because what one step reads names things that the next one reads, and of a running
 * workload whatever is named has been written before: slots, entries, nodes, codes, texts.
 */
#include "core/profile/collect.h"

#include "core/base/attributes.h"
#include "core/base/hash.h"
#include "core/base/version.h"
#include "core/profile/builder.h"
#include "core/profile/bytecode.h"
#include "core/profile/quote.h"
#include "core/profile/repair.h"
#include "core/profile/resolve.h"
#include "core/profile/scope.h"
#include "core/profile/segment_reader.h"
#include "core/profile/snapshot.h"
#include "core/profile/stopped.h"
#include "core/shm/ledger.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** More threads than this that have ever allocated are not listed. */
#define THREADS_MAX 65536u

/** No node has this number: the record is damaged. */
#define NODE_NONE UINT32_MAX

struct collector {
	const struct collect_request *request;
	struct segment_reader reader;
	struct snapshot snapshot;
	struct builder builder;
	struct resolver resolver;
	struct scope_sources sources;
	/** By entry: the node that names it, or NODE_NONE. */
	uint32_t *node_of;
	struct slot *slots;
	struct arena_copy *threads; /* by slot */
	uint32_t slot_count;
};

/** The scope has an account of its own, beside the run's. */
static bool is_beside_run(const struct collector *collector)
{
	return collector->request->is_of_scope
		&& !(collector->reader.header.flags & SEGMENT_ON_REQUEST);
}

static int read_slots(struct collector *collector)
{
	struct segment_reader *reader = &collector->reader;
	uint32_t count = reader_slot_count(reader);
	collector->slots = calloc((size_t)count + 1, sizeof(*collector->slots));
	collector->threads = calloc((size_t)count + 1, sizeof(*collector->threads));
	if (!collector->slots || !collector->threads) {
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		collector->slot_count = i + 1;
		if (reader_slot(reader, i, &collector->slots[i])
		    || reader_copy_own(reader, i, &collector->slots[i], ARENA_THREAD, THREADS_MAX,
				       &collector->threads[i])) {
			return -1;
		}
	}
	return 0;
}

static const struct thread_record *thread_at(const struct collector *collector, uint32_t slot,
					     uint64_t k)
{
	const struct thread_record *thread = arena_element(&collector->threads[slot], k);
	return thread && thread->tid ? thread : NULL;
}

/** What is there of a sparse mapping and was not noticed; seen from outside. */
static void add_touched_of(struct collector *collector, const struct sparse_mapping *known)
{
	const struct collect_request *request = collector->request;
	for (uint32_t i = 0; known->entry && i < request->touched_count; i++) {
		const struct sparse_mapping *seen = &request->touched[i];
		if (seen->entry == known->entry && seen->start == known->start
		    && seen->end == known->end && seen->touched_bytes > known->touched_bytes) {
			snapshot_add(&collector->snapshot, known->entry,
				     seen->touched_bytes - known->touched_bytes);
		}
	}
}

static void add_touched(struct collector *collector)
{
	/* Else the workload has looked since. */
	bool is_news = collector->snapshot.totals.look_wanted;
	for (uint32_t i = 0; is_news && i < SPARSE_MAX && collector->slot_count; i++) {
		add_touched_of(collector, &collector->slots[0].sparse[i]);
	}
}

/** Each node that has allocated names its entry. */
static int find_nodes(struct collector *collector)
{
	const struct arena_copy *nodes = &collector->resolver.nodes;
	uint64_t entries = collector->snapshot.entries.used;
	size_t bytes = (entries + 1) * sizeof(*collector->node_of);
	collector->node_of = malloc(bytes);
	if (!collector->node_of) {
		return -1;
	}
	memset(collector->node_of, 0xff, bytes);
	for (uint64_t k = 1; k < nodes->used; k++) {
		const struct node *node = arena_element(nodes, k);
		if (node && node->entry < entries) {
			collector->node_of[node->entry] = (uint32_t)k;
		}
	}
	return 0;
}

/** Ask for every stack that the profile will name. */
static void want_stacks(struct collector *collector)
{
	struct resolver *resolver = &collector->resolver;
	for (uint64_t k = 1; k < collector->snapshot.entries.used; k++) {
		const struct entry *entry = snapshot_entry(&collector->snapshot, k);
		uint32_t module;
		if (entry && entry->total_blocks) {
			uint32_t node = collector->node_of[k];
			resolver_mapper(resolver, node, &module, &node);
			resolver_want(resolver, node);
		}
	}
	for (uint32_t i = 0; i < collector->slot_count; i++) {
		resolver_want(resolver, collector->slots[i].failed_node);
		resolver_want(resolver, collector->slots[i].breach_node);
		for (uint64_t k = 1; k < collector->threads[i].used; k++) {
			const struct thread_record *thread = thread_at(collector, i, k);
			if (thread) {
				resolver_want(resolver, thread->node);
			}
		}
	}
}

/** What a module has mapped itself. */
static void add_mapped(struct collector *collector, uint32_t module,
		       const struct profile_entry *entry)
{
	if (!collector->builder.failed) {
		struct profile_module *to = &collector->builder.profile->modules[module];
		to->mapped_peak_bytes += entry->peak_bytes;
		to->mapped_end_bytes += entry->end_bytes;
	}
}

static void add_entries(struct collector *collector)
{
	struct snapshot *snapshot = &collector->snapshot;
	struct profile *profile = collector->builder.profile;
	for (uint64_t k = 1; k < snapshot->entries.used && !collector->builder.failed; k++) {
		const struct entry *entry = snapshot_entry(snapshot, k);
		if (!entry || !(entry->total_blocks | entry->live_bytes)) {
			continue;
		}
		uint32_t node = collector->node_of[k];
		uint32_t module;
		bool is_mapping = resolver_mapper(&collector->resolver, node, &module, &node);
		struct profile_entry sum = {
			.node = resolver_node(&collector->resolver, node),
			.end_bytes = entry->live_bytes,
			.end_blocks = entry->live_blocks,
			.total_bytes = entry->total_bytes,
			.total_blocks = entry->total_blocks,
		};
		entry_peak_share(entry, &snapshot->totals, &sum.peak_bytes, &sum.peak_blocks);
		builder_entry(&collector->builder, &sum);
		if (is_mapping) {
			add_mapped(collector, module, &sum);
		}
		profile->total_bytes += entry->total_bytes;
		profile->total_blocks += entry->total_blocks;
	}
}

static void add_threads(struct collector *collector, uint32_t slot)
{
	uint64_t now = ledger_sum(&collector->reader.header).allocations;
	for (uint64_t k = 1; k < collector->threads[slot].used; k++) {
		const struct thread_record *thread = thread_at(collector, slot, k);
		if (!thread || !thread->node
		    || stopped_has(collector->request->stacks, thread->tid)) {
			continue;
		}
		builder_thread(&collector->builder, &(struct profile_thread){
			.pid = collector->slots[slot].pid,
			.tid = thread->tid,
			.node = resolver_node(&collector->resolver, thread->node),
			.age_allocations =
				now > thread->at_allocation ? now - thread->at_allocation : 0,
		});
	}
}

static void add_processes(struct collector *collector)
{
	for (uint32_t i = 0; i < collector->slot_count; i++) {
		const struct slot *slot = &collector->slots[i];
		if (slot->state != SLOT_RECORDING && slot->state != SLOT_EXPECTED) {
			continue;
		}
		struct profile_process process = {
			.pid = slot->pid,
			.generations = slot->generation,
			.executable = resolver_text(&collector->resolver, slot->executable),
			.image_flags = slot->image_flags,
			.python_state = slot->python_state,
			.python_version = slot->python_version,
		};
		_Static_assert(sizeof(process.missed) == sizeof(slot->missed), "same counts");
		memcpy(process.missed, slot->missed, sizeof(process.missed));
		for (size_t k = 0; is_beside_run(collector) && k < countof(process.missed); k++) {
			process.missed[k] -= slot->scope.missed_before[k];
		}
		builder_process(&collector->builder, &process);
		/* Only that of the first slot is looked at from outside. */
		if (i == 0) {
			stopped_add(&collector->builder, collector->request->stacks, slot->pid);
		}
		add_threads(collector, i);
	}
}

/** The refused allocation, if the supervisor has not seen it itself. */
static void add_failure(struct collector *collector)
{
	struct profile *profile = collector->builder.profile;
	for (uint32_t i = 0; i < collector->slot_count; i++) {
		const struct slot *slot = &collector->slots[i];
		uint64_t before = is_beside_run(collector) ? slot->scope.failed_before : 0;
		if (slot->failed_count <= before) {
			continue;
		}
		if (!profile->outcome.failed_count) {
			profile->outcome.failed_bytes = slot->failed_bytes;
			profile->outcome.failed_count = slot->failed_count - before;
		}
		if (slot->failed_node) {
			profile->failed_node =
				resolver_node(&collector->resolver, slot->failed_node);
		}
	}
}

/** The breach, if the supervisor has not seen it itself, and where it was. */
static void add_breach(struct collector *collector)
{
	struct profile *profile = collector->builder.profile;
	for (uint32_t i = 0; i < collector->slot_count; i++) {
		const struct slot *slot = &collector->slots[i];
		if (slot->breach.trigger == BREACH_NONE) {
			continue;
		}
		if (profile->outcome.breach.trigger == BREACH_NONE) {
			profile->outcome.breach = breach_checked(slot->breach);
		}
		/* A slot's stack is for the breach in it, of which only one is reported. */
		if (slot->breach_node && profile->outcome.breach.tid == slot->breach.tid) {
			profile->breach_node =
				resolver_node(&collector->resolver, slot->breach_node);
			return;
		}
	}
}

static void add_run(struct collector *collector)
{
	const struct collect_request *request = collector->request;
	struct builder *builder = &collector->builder;
	struct profile *profile = builder->profile;
	const struct totals *totals = &collector->snapshot.totals;
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	profile->outcome = request->outcome;
	if (profile->outcome.children < collector->reader.header.children) {
		profile->outcome.children = collector->reader.header.children;
	}
	profile->moment = request->moment;
	profile->tool_version = builder_text(builder, FIL_VERSION);
	profile->command = builder_text(builder, request->command ? request->command : "");
	profile->directory = builder_text(builder, request->directory ? request->directory : "");
	profile->host = builder_text(builder, request->host ? request->host : host);
	profile->peak_bytes = totals_peak(totals);
	profile->end_bytes = totals->live_bytes;
	profile->end_blocks = totals->live_blocks;
	profile->segment_bytes = collector->reader.allocated_bytes;
	profile->repaired_operations = collector->snapshot.repaired_operations;
	builder_samples(builder, request->samples, request->sample_count);
}

static void add_source(struct collector *collector)
{
	const struct collect_request *request = collector->request;
	struct source_place place = {
		.root = request->root ? request->root : "",
		.directory = request->directory ? request->directory : "",
		.start_unix_ms = request->start_unix_ms,
		.code_text = request->code_text,
		.sources = &collector->sources,
	};
	if (request->with_source) {
		quote_sources(&collector->builder, &place, 0);
	}
}

/** Which interpreter it was, of all that may have its name. */
static uint64_t hash_interpreter(const struct collector *collector)
{
	const struct profile *profile = collector->builder.profile;
	char path[PATH_MAX];
	struct stat status;
	if (!profile->process_count) {
		return 0;
	}
	const char *root = collector->request->root ? collector->request->root : "";
	snprintf(path, sizeof(path), "%s%s", root,
		 profile_string(profile, profile->processes[0].executable));
	return stat(path, &status) == 0
		? hash_mix((uint64_t)status.st_size, (uint64_t)status.st_mtim.tv_sec)
		: 0;
}

static void add_conditions(struct collector *collector)
{
	const struct collect_request *request = collector->request;
	struct profile *profile = collector->builder.profile;
	struct bytecode_place place = {
		.root = request->root ? request->root : "",
		.directory = request->directory ? request->directory : "",
		.start_unix_ms = request->start_unix_ms,
	};
	profile->conditions = request->conditions;
	if (!collector->builder.failed && request->conditions.flags & CONDITIONS_KNOWN) {
		profile->conditions.interpreter = hash_interpreter(collector);
		bytecode_count(profile, &place);
	}
}

/** Where stacks begin, in the report of a scope. */
static void set_root(struct collector *collector)
{
	if (!collector->request->is_of_scope
	    && !(collector->reader.header.flags & SEGMENT_ON_REQUEST)) {
		return;
	}
	for (uint32_t i = 0; i < collector->slot_count; i++) {
		const struct scope *scope = &collector->slots[i].scope;
		if (scope->state != SCOPE_NONE) {
			resolver_begin_at(&collector->resolver, scope->root_code,
					  scope->flags & SCOPE_ROOT_HIDDEN);
			return;
		}
	}
}

static int collect(struct collector *collector)
{
	bool running = collector->request->outcome.verdict == VERDICT_RUNNING;
	if (reader_open(&collector->reader, collector->request->segment_fd)
	    || read_slots(collector)
	    || snapshot_take(&collector->reader,
			     is_beside_run(collector) ? SNAPSHOT_SCOPE : SNAPSHOT_RUN, running,
			     &collector->snapshot)
	    || reader_refresh(&collector->reader)
	    || resolver_init(&collector->resolver, &collector->reader, &collector->builder)
	    || scope_sources_init(&collector->sources, &collector->resolver.codes,
				  &collector->resolver.texts)
	    || find_nodes(collector)) {
		return -1;
	}
	add_touched(collector);
	collector->resolver.sources = &collector->sources;
	collector->resolver.directory = collector->request->directory;
	set_root(collector);
	want_stacks(collector);
	if (collector->builder.failed || resolver_run(&collector->resolver)) {
		errno = ENOMEM;
		return -1;
	}
	add_run(collector);
	add_entries(collector);
	add_processes(collector);
	add_failure(collector);
	if (!is_beside_run(collector)) {
		add_breach(collector);
	}
	add_conditions(collector);
	add_source(collector);
	return 0;
}

struct profile *profile_collect(const struct collect_request *request)
{
	struct collector collector = { .request = request };
	struct profile *profile = NULL;
	builder_init(&collector.builder);
	if (collect(&collector) == 0) {
		profile = builder_finish(&collector.builder);
	}
	int error = errno;
	builder_done(&collector.builder);
	scope_sources_done(&collector.sources);
	resolver_done(&collector.resolver);
	snapshot_done(&collector.snapshot);
	for (uint32_t i = 0; i < collector.slot_count; i++) {
		arena_done(&collector.threads[i]);
	}
	free(collector.threads);
	free(collector.slots);
	free(collector.node_of);
	errno = error;
	return profile;
}
