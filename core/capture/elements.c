// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/capture/elements.h"

#include "core/base/allocators.h"
#include "core/base/attributes.h"
#include "core/base/symbols.h"
#include "core/profile/intern.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Sums of entries stay below this, so that whoever adds them up cannot overflow. */
#define SUM_MAX ((uint64_t)1 << 62)

#define FRAME_FLAGS_KNOWN (FRAME_SOURCE_CHANGED | FRAME_LABEL | FRAME_NATIVE | FRAME_INLINED)

static attr_printf(2, 3) void fail(struct elements *elements, const char *format, ...)
{
	va_list args;
	if (!elements->problem[0]) {
		va_start(args, format);
		vsnprintf(elements->problem, sizeof(elements->problem), format, args);
		va_end(args);
	}
}

/** A string's offset, checked. */
static uint32_t string(struct elements *elements, uint32_t offset, const char *of)
{
	if (offset >= elements->profile->strings_bytes) {
		fail(elements, "string %" PRIu32 " of a %s is outside of the strings", offset, of);
		return 0;
	}
	return offset;
}

/** Element i of a block as this version knows it: its known part, the rest zero. */
static void get(const char *block, uint32_t element_bytes, uint64_t i, void *ret_wire,
		size_t wire_bytes)
{
	size_t known = element_bytes < wire_bytes ? element_bytes : wire_bytes;
	memset(ret_wire, 0, wire_bytes);
	memcpy(ret_wire, block + i * element_bytes, known);
}

/** Room for count elements more behind used; NULL without memory. */
static void *grow(struct elements *elements, void **array, uint32_t used, uint64_t count,
		  size_t bytes)
{
	if (!array_reserve(array, &elements->capacity, used + count, bytes)) {
		elements->no_memory = true;
		return NULL;
	}
	return (char *)*array + used * bytes;
}

#define GROW(elements, what, count_name, count)                                              \
	grow((elements), (void **)&(elements)->profile->what, (elements)->profile->count_name, \
	     (count), sizeof(*(elements)->profile->what))

static void take_strings(struct elements *elements, const char *block, uint32_t element_bytes,
			 uint64_t count)
{
	struct profile *profile = elements->profile;
	if (element_bytes != 1) {
		fail(elements, "strings of elements of %" PRIu32 " bytes", element_bytes);
		return;
	}
	if (!array_reserve((void **)&profile->strings, &elements->capacity,
			   profile->strings_bytes + count + 1, 1)) {
		elements->no_memory = true;
		return;
	}
	memcpy(profile->strings + profile->strings_bytes, block, count);
	profile->strings_bytes += count;
	/* Terminated at any moment: a pool that is not is refused in the end, but never read past.
	   */
	profile->strings[profile->strings_bytes] = '\0';
}

static void take_value_types(struct elements *elements, const char *block, uint32_t element_bytes,
			     uint64_t count)
{
	static const char *const names[][2] = {
		{ "peak", "bytes" }, { "peak", "blocks" }, { "end", "bytes" },
		{ "end", "blocks" }, { "total", "bytes" }, { "total", "blocks" },
	};
	for (uint64_t i = 0; i < count; i++) {
		struct wire_value_type wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		const char *name = profile_string(elements->profile, wire.name);
		const char *unit = profile_string(elements->profile, wire.unit);
		for (size_t k = 0; k < countof(names); k++) {
			if (strcmp(name, names[k][0]) == 0 && strcmp(unit, names[k][1]) == 0) {
				elements->columns[k] = (int)elements->value_types;
			}
		}
		if (++elements->value_types > VALUE_TYPES_MAX) {
			fail(elements, "more than %u value types", VALUE_TYPES_MAX);
			return;
		}
	}
}

static struct breach breach_of(const struct wire_breach *wire)
{
	return breach_checked((struct breach){
		.metric = wire->metric,
		.action = wire->action,
		.trigger = wire->trigger,
		.tid = wire->tid,
		.limit_bytes = wire->limit_bytes,
		.charge_bytes = wire->charge_bytes,
		.asked_bytes = wire->asked_bytes,
		.allocation = wire->allocation,
		.refusals = wire->refusals,
	});
}

static struct charge charge_of(const struct wire_charge *wire)
{
	return (struct charge){
		.anonymous_bytes = wire->anonymous_bytes,
		.shared_bytes = wire->shared_bytes,
		.page_table_bytes = wire->page_table_bytes,
		.kernel_bytes = wire->kernel_bytes,
		.threads = wire->threads,
		.processes = wire->processes,
	};
}

static struct outcome outcome_of(const struct wire_info *wire)
{
	return (struct outcome){
		.verdict = wire->verdict < VERDICT_COUNT ? wire->verdict : VERDICT_UNKNOWN,
		.exit_status = wire->exit_status,
		.signal = wire->signal,
		.core_dumped = wire->core_dumped != 0,
		.start_unix_ms = wire->start_unix_ms,
		.duration_ms = wire->duration_ms,
		.cpu_user_ms = wire->cpu_user_ms,
		.cpu_system_ms = wire->cpu_system_ms,
		.max_rss_bytes = wire->max_rss_bytes,
		.children = wire->children,
		.children_max_rss_bytes = wire->children_max_rss_bytes,
		.survivors = wire->survivors,
		.cgroup_limit_bytes = wire->cgroup_limit_bytes,
		.cgroup_max_usage_bytes = wire->cgroup_max_usage_bytes,
		.cgroup_oom_kills = wire->cgroup_oom_kills,
		.machine_oom_kills = wire->machine_oom_kills,
		.machine_ram_bytes = wire->machine_ram_bytes,
		.failed_bytes = wire->failed_bytes,
		.failed_count = wire->failed_count,
		.breach = breach_of(&wire->breach),
		.charge = charge_of(&wire->charge),
		.charge_file_bytes = wire->charge_file_bytes,
		.charge_tracked_bytes = wire->charge_tracked_bytes,
	};
}

static void take_info(struct elements *elements, const char *block, uint32_t element_bytes,
		      uint64_t count)
{
	struct profile *profile = elements->profile;
	struct wire_info wire;
	if (count != 1) {
		fail(elements, "%" PRIu64 " runs in one capture", count);
		return;
	}
	get(block, element_bytes, 0, &wire, sizeof(wire));
	profile->outcome = outcome_of(&wire);
	profile->moment = wire.moment < MOMENT_COUNT ? wire.moment : MOMENT_END;
	profile->tool_version = string(elements, wire.tool_version, "run");
	profile->command = string(elements, wire.command, "run");
	profile->directory = string(elements, wire.directory, "run");
	profile->host = string(elements, wire.host, "run");
	profile->peak_bytes = wire.peak_bytes;
	profile->end_bytes = wire.end_bytes;
	profile->end_blocks = wire.end_blocks;
	profile->total_blocks = wire.total_blocks;
	profile->total_bytes = wire.total_bytes;
	profile->segment_bytes = wire.segment_bytes;
	profile->repaired_operations = wire.repaired_operations;
	profile->failed_node = wire.failed_node;
	profile->breach_node = wire.breach_node;
}

static void take_frames(struct elements *elements, const char *block, uint32_t element_bytes,
			uint64_t count)
{
	struct profile_frame *to = GROW(elements, frames, frame_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_frame wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_frame){
			.file = string(elements, wire.file, "frame"),
			.function = string(elements, wire.function, "frame"),
			.line = wire.line,
			.source = string(elements, wire.source, "frame"),
			.flags = wire.flags & FRAME_FLAGS_KNOWN,
			.module = wire.module,
			.address = wire.address,
		};
	}
	elements->profile->frame_count += to ? (uint32_t)count : 0;
}

static void take_modules(struct elements *elements, const char *block, uint32_t element_bytes,
			 uint64_t count)
{
	struct profile_module *to = GROW(elements, modules, module_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_module wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_module){
			.path = string(elements, wire.path, "module"),
			.build_id = string(elements, wire.build_id, "module"),
			.state = wire.state < SYMBOLS_STATE_COUNT ? wire.state : SYMBOLS_UNREAD,
			.flags = wire.flags & MODULE_PROGRAM,
			.mapped_peak_bytes = wire.mapped_peak_bytes,
			.mapped_end_bytes = wire.mapped_end_bytes,
			.allocators = wire.allocators & ALLOCATORS_KNOWN,
		};
	}
	elements->profile->module_count += to ? (uint32_t)count : 0;
}

static void take_nodes(struct elements *elements, const char *block, uint32_t element_bytes,
		       uint64_t count)
{
	struct profile *profile = elements->profile;
	struct profile_node *to = GROW(elements, nodes, node_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_node wire;
		uint64_t number = profile->node_count + i;
		get(block, element_bytes, i, &wire, sizeof(wire));
		if (number == 0) {
			wire = (struct wire_node){ 0, 0 };
		} else if (wire.parent >= number) {
			fail(elements, "node %" PRIu64 " comes before its parent %" PRIu32, number,
			     wire.parent);
			wire.parent = 0;
		} else if (wire.frame >= profile->frame_count) {
			fail(elements, "node %" PRIu64 " has frame %" PRIu32 " of %" PRIu32, number,
			     wire.frame, profile->frame_count);
		}
		to[i] = (struct profile_node){ wire.parent, wire.frame };
	}
	profile->node_count += to ? (uint32_t)count : 0;
}

static uint64_t value(const struct elements *elements, const struct wire_entry *wire, int which)
{
	int column = elements->columns[which];
	return column < 0 ? 0 : wire->values[column];
}

static void take_entries(struct elements *elements, const char *block, uint32_t element_bytes,
			 uint64_t count)
{
	if (elements->value_types > VALUE_TYPES_MAX
	    || element_bytes < WIRE_ENTRY_BYTES(elements->value_types)) {
		fail(elements, "entries of %" PRIu32 " bytes cannot hold %" PRIu32 " values",
		     element_bytes, elements->value_types);
		return;
	}
	struct profile_entry *to = GROW(elements, entries, entry_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_entry wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_entry){
			.node = wire.node,
			.peak_bytes = value(elements, &wire, 0),
			.peak_blocks = value(elements, &wire, 1),
			.end_bytes = value(elements, &wire, 2),
			.end_blocks = value(elements, &wire, 3),
			.total_bytes = value(elements, &wire, 4),
			.total_blocks = value(elements, &wire, 5),
		};
	}
	elements->profile->entry_count += to ? (uint32_t)count : 0;
}

static void take_processes(struct elements *elements, const char *block, uint32_t element_bytes,
			   uint64_t count)
{
	struct profile_process *to = GROW(elements, processes, process_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_process wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_process){
			.pid = wire.pid,
			.generations = wire.generations,
			.executable = string(elements, wire.executable, "process"),
			.image_flags = wire.image_flags,
			.python_state = wire.python_state,
			.python_version = wire.python_version,
		};
		memcpy(to[i].missed, wire.missed, sizeof(to[i].missed));
	}
	elements->profile->process_count += to ? (uint32_t)count : 0;
}

static void take_threads(struct elements *elements, const char *block, uint32_t element_bytes,
			 uint64_t count)
{
	struct profile_thread *to = GROW(elements, threads, thread_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_thread wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_thread){
			.pid = wire.pid,
			.tid = wire.tid,
			.node = wire.node,
			.flags = wire.flags & THREAD_STOPPED,
			.age_allocations = wire.age_allocations,
		};
	}
	elements->profile->thread_count += to ? (uint32_t)count : 0;
}

static void take_files(struct elements *elements, const char *block, uint32_t element_bytes,
		       uint64_t count)
{
	struct profile_file *to = GROW(elements, files, file_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_file wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct profile_file){
			.name = string(elements, wire.name, "file"),
			.flags = wire.flags & FRAME_FLAGS_KNOWN,
			.size_bytes = wire.size_bytes,
			.hash = wire.hash,
		};
	}
	elements->profile->file_count += to ? (uint32_t)count : 0;
}

static void take_timeline(struct elements *elements, const char *block, uint32_t element_bytes,
			  uint64_t count)
{
	struct usage_sample *to = GROW(elements, samples, sample_count, count);
	for (uint64_t i = 0; to && i < count; i++) {
		struct wire_sample wire;
		get(block, element_bytes, i, &wire, sizeof(wire));
		to[i] = (struct usage_sample){
			.time_ms = wire.time_ms,
			.tracked_bytes = wire.tracked_bytes,
			.anonymous_bytes = wire.anonymous_bytes,
			.shared_bytes = wire.shared_bytes,
			.file_bytes = wire.file_bytes,
			.cgroup_bytes = wire.cgroup_bytes,
		};
	}
	elements->profile->sample_count += to ? (uint32_t)count : 0;
}

static void take_conditions(struct elements *elements, const char *block, uint32_t element_bytes,
			    uint64_t count)
{
	struct wire_conditions wire;
	if (count != 1) {
		fail(elements, "%" PRIu64 " times the conditions of one run", count);
		return;
	}
	get(block, element_bytes, 0, &wire, sizeof(wire));
	elements->profile->conditions = (struct conditions){
		.flags = wire.flags,
		.command_hash = wire.command_hash,
		.seed_hash = wire.seed_hash,
		.variables = wire.variables,
		.variables_bytes = wire.variables_bytes,
		.variables_hash = wire.variables_hash,
		.sources = wire.sources,
		.sources_compiled = wire.sources_compiled,
		.interpreter = wire.interpreter,
	};
}

const struct element_section element_sections[] = {
	{ TAG_STRINGS, 1, true, take_strings },
	{ TAG_VALUE_TYPES, sizeof(struct wire_value_type), true, take_value_types },
	{ TAG_INFO, 4, true, take_info },
	{ TAG_FRAMES, 4, true, take_frames },
	{ TAG_NODES, sizeof(struct wire_node), true, take_nodes },
	{ TAG_ENTRIES, WIRE_ENTRY_BYTES(0), true, take_entries },
	{ TAG_MODULES, 4, false, take_modules },
	{ TAG_PROCESSES, 4, false, take_processes },
	{ TAG_THREADS, 4, false, take_threads },
	{ TAG_FILES, 4, false, take_files },
	{ TAG_TIMELINE, 4, false, take_timeline },
	{ TAG_CONDITIONS, 4, false, take_conditions },
	{ NULL, 0, false, NULL },
};

static void check_strings(struct elements *elements)
{
	const struct profile *profile = elements->profile;
	size_t len = profile->strings_bytes;
	if (!len || profile->strings[0] != '\0' || profile->strings[len - 1] != '\0') {
		fail(elements, "the strings do not begin and end as strings do");
	}
}

/** No node twice, and no sum too large. */
static void check_entries(struct elements *elements)
{
	const struct profile *profile = elements->profile;
	uint64_t room[6] = { SUM_MAX, SUM_MAX, SUM_MAX, SUM_MAX, SUM_MAX, SUM_MAX };
	unsigned char *seen = calloc(profile->node_count / 8 + 1, 1);
	if (!seen) {
		elements->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		const uint64_t values[6] = { entry->peak_bytes,	 entry->peak_blocks,
					     entry->end_bytes,	 entry->end_blocks,
					     entry->total_bytes, entry->total_blocks };
		if (entry->node >= profile->node_count
		    || (seen[entry->node / 8] >> entry->node % 8 & 1)) {
			fail(elements, "entry %" PRIu32 " has node %" PRIu32
				       ", which does not exist or has another", i, entry->node);
			break;
		}
		seen[entry->node / 8] |= (unsigned char)(1u << entry->node % 8);
		for (int k = 0; k < 6; k++) {
			if (values[k] > room[k]) {
				fail(elements, "entry %" PRIu32 " has impossible sizes", i);
			}
			room[k] -= values[k] < room[k] ? values[k] : room[k];
		}
	}
	free(seen);
}

/** A node that is named apart; 0: none. */
static void check_node(struct elements *elements, uint32_t node, const char *of)
{
	if (node && node >= elements->profile->node_count) {
		fail(elements, "the %s has node %" PRIu32 " of %" PRIu32, of, node,
		     elements->profile->node_count);
	}
}

static void check_modules(struct elements *elements)
{
	const struct profile *profile = elements->profile;
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		if (profile->frames[i].module > profile->module_count) {
			fail(elements, "frame %" PRIu32 " has module %" PRIu32 " of %" PRIu32, i,
			     profile->frames[i].module, profile->module_count);
			return;
		}
	}
}

void elements_check(struct elements *elements)
{
	const struct profile *profile = elements->profile;
	check_strings(elements);
	if (!profile->node_count) {
		fail(elements, "there is no root node");
	}
	check_entries(elements);
	check_modules(elements);
	for (uint32_t i = 0; i < profile->thread_count; i++) {
		if (profile->threads[i].node >= profile->node_count) {
			fail(elements, "thread %" PRIu32 " has node %" PRIu32 " of %" PRIu32, i,
			     profile->threads[i].node, profile->node_count);
		}
	}
	check_node(elements, profile->failed_node, "refused allocation");
	check_node(elements, profile->breach_node, "breach of the limit");
}
