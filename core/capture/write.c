// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/base/attributes.h"
#include "core/capture/capture.h"
#include "core/capture/format.h"
#include "core/host/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static const int zstd_level[] = { [CAPTURE_SMALL] = 6, [CAPTURE_LIGHT] = 1 };

struct sink {
	int fd;
	ZSTD_CCtx *zstd;
	char *out;
	size_t out_capacity;
	/** The first error, as errno; nothing is written after it. */
	int error;
};

/** How a profile's elements become those of a section. */
struct section {
	const char *tag;
	uint32_t element_bytes;
	uint64_t count;
	/** Make element i; wire is zeroed. */
	void (*make)(const struct profile *profile, uint32_t i, void *wire);
	/** Or, if make is NULL: the elements as they are. */
	const void *elements;
};

static void sink_push(struct sink *sink, const void *bytes, size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { bytes, len, 0 };
	size_t left = 1;
	while (!sink->error && (in.pos < in.size || (how == ZSTD_e_end && left))) {
		ZSTD_outBuffer out = { sink->out, sink->out_capacity, 0 };
		left = ZSTD_compressStream2(sink->zstd, &out, &in, how);
		if (ZSTD_isError(left)) {
			sink->error = ENOMEM;
		} else if (out.pos && fd_write_all(sink->fd, sink->out, out.pos)) {
			sink->error = errno;
		}
	}
}

static void sink_write(struct sink *sink, const void *bytes, size_t len)
{
	sink_push(sink, bytes, len, ZSTD_e_continue);
}

/** Elements [first, first+count) of a section, in room, or where they are. */
static const void *make_elements(const struct profile *profile, const struct section *section,
				 uint64_t first, uint64_t count, char *room)
{
	if (!section->make) {
		return (const char *)section->elements + first * section->element_bytes;
	}
	memset(room, 0, count * section->element_bytes);
	for (uint64_t i = 0; i < count; i++) {
		section->make(profile, (uint32_t)(first + i), room + i * section->element_bytes);
	}
	return room;
}

static void write_section(struct sink *sink, const struct profile *profile,
			  const struct section *section)
{
	/* The end has no elements of any size. */
	uint32_t element_bytes = section->element_bytes ? section->element_bytes : 1;
	uint64_t per_block = wire_block_bytes(element_bytes) / element_bytes;
	struct wire_section head = { .element_bytes = element_bytes, .count = section->count };
	char *elements = malloc(2 * CHECKSUM_BLOCK_BYTES);
	if (!elements) {
		sink->error = ENOMEM;
		return;
	}
	char *block = elements + CHECKSUM_BLOCK_BYTES;
	memcpy(head.tag, section->tag, sizeof(head.tag));
	uint64_t sum = wire_checksum_begin(&head);
	sink_write(sink, &head, sizeof(head));
	for (uint64_t first = 0; first < section->count && !sink->error; first += per_block) {
		uint64_t rest = section->count - first;
		uint64_t count = rest < per_block ? rest : per_block;
		const void *bytes = make_elements(profile, section, first, count, elements);
		sum = wire_checksum_block(sum, bytes, count * element_bytes);
		wire_transpose(bytes, count, element_bytes, block);
		sink_write(sink, block, count * element_bytes);
	}
	sink_write(sink, &sum, sizeof(sum));
	free(elements);
}

static struct wire_breach breach_to_wire(const struct breach *breach)
{
	return (struct wire_breach){
		.metric = breach->metric,
		.action = breach->action,
		.trigger = breach->trigger,
		.tid = breach->tid,
		.limit_bytes = breach->limit_bytes,
		.charge_bytes = breach->charge_bytes,
		.asked_bytes = breach->asked_bytes,
		.allocation = breach->allocation,
		.refusals = breach->refusals,
	};
}

static struct wire_charge charge_to_wire(const struct charge *charge)
{
	return (struct wire_charge){
		.anonymous_bytes = charge->anonymous_bytes,
		.shared_bytes = charge->shared_bytes,
		.page_table_bytes = charge->page_table_bytes,
		.kernel_bytes = charge->kernel_bytes,
		.threads = charge->threads,
		.processes = charge->processes,
	};
}

static void make_info(const struct profile *profile, uint32_t i, void *wire)
{
	const struct outcome *outcome = &profile->outcome;
	(void)i;
	*(struct wire_info *)wire = (struct wire_info){
		.verdict = outcome->verdict,
		.exit_status = outcome->exit_status,
		.signal = outcome->signal,
		.core_dumped = outcome->core_dumped,
		.start_unix_ms = outcome->start_unix_ms,
		.duration_ms = outcome->duration_ms,
		.cpu_user_ms = outcome->cpu_user_ms,
		.cpu_system_ms = outcome->cpu_system_ms,
		.max_rss_bytes = outcome->max_rss_bytes,
		.children = outcome->children,
		.children_max_rss_bytes = outcome->children_max_rss_bytes,
		.survivors = outcome->survivors,
		.moment = profile->moment,
		.cgroup_limit_bytes = outcome->cgroup_limit_bytes,
		.cgroup_max_usage_bytes = outcome->cgroup_max_usage_bytes,
		.cgroup_oom_kills = outcome->cgroup_oom_kills,
		.machine_oom_kills = outcome->machine_oom_kills,
		.machine_ram_bytes = outcome->machine_ram_bytes,
		.failed_bytes = outcome->failed_bytes,
		.failed_count = outcome->failed_count,
		.tool_version = profile->tool_version,
		.command = profile->command,
		.directory = profile->directory,
		.host = profile->host,
		.peak_bytes = profile->peak_bytes,
		.end_bytes = profile->end_bytes,
		.end_blocks = profile->end_blocks,
		.total_blocks = profile->total_blocks,
		.total_bytes = profile->total_bytes,
		.segment_bytes = profile->segment_bytes,
		.repaired_operations = profile->repaired_operations,
		.failed_node = profile->failed_node,
		.breach = breach_to_wire(&outcome->breach),
		.charge = charge_to_wire(&outcome->charge),
		.charge_file_bytes = outcome->charge_file_bytes,
		.charge_tracked_bytes = outcome->charge_tracked_bytes,
		.breach_node = profile->breach_node,
	};
}

static void make_frame(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_frame *frame = &profile->frames[i];
	*(struct wire_frame *)wire = (struct wire_frame){
		.file = frame->file,
		.function = frame->function,
		.line = frame->line,
		.source = frame->source,
		.flags = frame->flags,
		.module = frame->module,
		.address = frame->address,
	};
}

static void make_module(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_module *module = &profile->modules[i];
	*(struct wire_module *)wire = (struct wire_module){
		.path = module->path,
		.build_id = module->build_id,
		.state = module->state,
		.flags = module->flags,
		.mapped_peak_bytes = module->mapped_peak_bytes,
		.mapped_end_bytes = module->mapped_end_bytes,
		.allocators = module->allocators,
	};
}

static void make_node(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_node *node = &profile->nodes[i];
	*(struct wire_node *)wire = (struct wire_node){ node->parent, node->frame };
}

/** The order of value_types. */
static void make_entry(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_entry *entry = &profile->entries[i];
	struct wire_entry *to = wire;
	to->node = entry->node;
	to->values[0] = entry->peak_bytes;
	to->values[1] = entry->peak_blocks;
	to->values[2] = entry->end_bytes;
	to->values[3] = entry->end_blocks;
	to->values[4] = entry->total_bytes;
	to->values[5] = entry->total_blocks;
}

static void make_process(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_process *process = &profile->processes[i];
	struct wire_process *to = wire;
	*to = (struct wire_process){
		.pid = process->pid,
		.generations = process->generations,
		.executable = process->executable,
		.image_flags = process->image_flags,
		.python_state = process->python_state,
		.python_version = process->python_version,
	};
	memcpy(to->missed, process->missed, sizeof(to->missed));
}

static void make_thread(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_thread *thread = &profile->threads[i];
	*(struct wire_thread *)wire = (struct wire_thread){
		.pid = thread->pid,
		.tid = thread->tid,
		.node = thread->node,
		.flags = thread->flags,
		.age_allocations = thread->age_allocations,
	};
}

static void make_file(const struct profile *profile, uint32_t i, void *wire)
{
	const struct profile_file *file = &profile->files[i];
	*(struct wire_file *)wire = (struct wire_file){
		.name = file->name,
		.flags = file->flags,
		.size_bytes = file->size_bytes,
		.hash = file->hash,
	};
}

static void make_sample(const struct profile *profile, uint32_t i, void *wire)
{
	const struct usage_sample *sample = &profile->samples[i];
	*(struct wire_sample *)wire = (struct wire_sample){
		.time_ms = sample->time_ms,
		.tracked_bytes = sample->tracked_bytes,
		.anonymous_bytes = sample->anonymous_bytes,
		.shared_bytes = sample->shared_bytes,
		.file_bytes = sample->file_bytes,
		.cgroup_bytes = sample->cgroup_bytes,
	};
}

static void make_conditions(const struct profile *profile, uint32_t i, void *wire)
{
	const struct conditions *conditions = &profile->conditions;
	(void)i;
	*(struct wire_conditions *)wire = (struct wire_conditions){
		.flags = conditions->flags,
		.command_hash = conditions->command_hash,
		.seed_hash = conditions->seed_hash,
		.variables = conditions->variables,
		.variables_bytes = conditions->variables_bytes,
		.variables_hash = conditions->variables_hash,
		.sources = conditions->sources,
		.sources_compiled = conditions->sources_compiled,
		.interpreter = conditions->interpreter,
	};
}

/** Names of the values of make_entry; their strings follow those of the profile. */
#define VALUE_NAMES "peak\0bytes\0blocks\0end\0total"
enum { NAME_PEAK = 0, NAME_BYTES = 5, NAME_BLOCKS = 11, NAME_END = 18, NAME_TOTAL = 22 };

/** The pool with the names of the value types behind it; malloc'ed. */
static char *make_strings(const struct profile *profile)
{
	char *strings = malloc(profile->strings_bytes + sizeof(VALUE_NAMES));
	if (strings) {
		memcpy(strings, profile->strings, profile->strings_bytes);
		memcpy(strings + profile->strings_bytes, VALUE_NAMES, sizeof(VALUE_NAMES));
	}
	return strings;
}

static void write_sections(struct sink *sink, const struct profile *profile, const char *strings)
{
	uint32_t base = (uint32_t)profile->strings_bytes;
	const struct wire_value_type value_types[] = {
		{ base + NAME_PEAK, base + NAME_BYTES },
		{ base + NAME_PEAK, base + NAME_BLOCKS },
		{ base + NAME_END, base + NAME_BYTES },
		{ base + NAME_END, base + NAME_BLOCKS },
		{ base + NAME_TOTAL, base + NAME_BYTES },
		{ base + NAME_TOTAL, base + NAME_BLOCKS },
	};
	const struct section sections[] = {
		{ TAG_STRINGS, 1, base + sizeof(VALUE_NAMES), NULL, strings },
		{ TAG_VALUE_TYPES, sizeof(value_types[0]), countof(value_types), NULL,
		  value_types },
		{ TAG_INFO, sizeof(struct wire_info), 1, make_info, NULL },
		{ TAG_FRAMES, sizeof(struct wire_frame), profile->frame_count, make_frame, NULL },
		{ TAG_NODES, sizeof(struct wire_node), profile->node_count, make_node, NULL },
		{ TAG_ENTRIES, WIRE_ENTRY_BYTES(countof(value_types)), profile->entry_count,
		  make_entry, NULL },
		{ TAG_MODULES, sizeof(struct wire_module), profile->module_count, make_module,
		  NULL },
		{ TAG_PROCESSES, sizeof(struct wire_process), profile->process_count, make_process,
		  NULL },
		{ TAG_THREADS, sizeof(struct wire_thread), profile->thread_count, make_thread,
		  NULL },
		{ TAG_FILES, sizeof(struct wire_file), profile->file_count, make_file, NULL },
		{ TAG_TIMELINE, sizeof(struct wire_sample), profile->sample_count, make_sample,
		  NULL },
		{ TAG_CONDITIONS, sizeof(struct wire_conditions),
		  profile->conditions.flags & CONDITIONS_KNOWN, make_conditions, NULL },
		{ TAG_END, 0, 0, NULL, NULL },
	};
	for (size_t i = 0; i < countof(sections); i++) {
		write_section(sink, profile, &sections[i]);
	}
}

static int sink_init(struct sink *sink, int fd, enum capture_effort effort)
{
	*sink = (struct sink){ .fd = fd, .out_capacity = ZSTD_CStreamOutSize() };
	sink->zstd = ZSTD_createCCtx();
	sink->out = malloc(sink->out_capacity);
	if (!sink->zstd || !sink->out) {
		sink->error = ENOMEM;
		return -1;
	}
	ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_compressionLevel, zstd_level[effort]);
	ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_checksumFlag, 1);
	return 0;
}

int capture_write(int fd, const struct profile *profile, enum capture_effort effort)
{
	static const struct wire_header header = {
		.magic = CAPTURE_MAGIC, .major = CAPTURE_MAJOR, .minor = CAPTURE_MINOR
	};
	struct sink sink;
	char *strings = make_strings(profile);
	if (sink_init(&sink, fd, effort) == 0 && strings) {
		sink_write(&sink, &header, sizeof(header));
		write_sections(&sink, profile, strings);
		sink_push(&sink, NULL, 0, ZSTD_e_end);
	} else {
		sink.error = ENOMEM;
	}
	free(strings);
	free(sink.out);
	ZSTD_freeCCtx(sink.zstd);
	if (sink.error) {
		errno = sink.error;
		return -1;
	}
	return 0;
}
