// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The JSON text that core/report/assets/page.js works from:
 *
 *   {"measures": [{"name", "noun", "bytes", "blocks"}, ...],  by enum measure
 *    "shown": the measure to begin with, "outOfMemory": whether "end" is when memory ran out,
 *    "files": [[path, shown path], ...],
 *    "frames": [[file, line, function, source, flags], ...],
 *    "graphs": [[callers on top, reversed], ...],  by measure; see write_graph
 *    "sites": [[frame, self bytes x3, self blocks x3, all bytes x3], ...],
 *    "stacks": [[[bytes, blocks, [frames]], ...], ...],  by measure; outermost first
 *    "threads": [[pid, tid, age (null: where it was stopped), reached the limit, [frames]], ...],
 *    "breach": [heading, [frames]], "failed": [frames],  no frames: there was none
 *    "samples": [[time ms, tracked, anonymous, shared, file, cgroup], ...]}
 *
 * In lists of frames a negative number -n stands for n frames left out. Only frames that are
 * named anywhere are there, numbered in the order of their first naming.
 */

#include "core/report/html_parts.h"

#include "core/report/breach.h"
#include "core/report/escape.h"
#include "core/report/flame.h"
#include "core/report/flame_label.h"
#include "core/report/stack.h"
#include "core/report/svg.h"
#include "core/report/threads.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/** Bounds that keep the page below some 2 MB. Boxes: those of at least a 1/4000 that there are. */
#define GRAPH_SHARE_MIN 4000u
#define GRAPH_BOXES_MAX 5000u
#define SITES_TOP 250u
#define STACKS_MAX 30u
#define THREADS_MAX 64u

#define PAGE_FRAME_LABEL 1u
#define PAGE_FRAME_OWN 2u
#define PAGE_FRAME_CHANGED 4u

struct data {
	FILE *out;
	const struct profile *profile;
	const struct report_options *options;
	/** Per frame of the profile: its number in the page + 1, 0 if it has none yet. */
	uint32_t *page_number;
	/** The other way round, and how many there are. */
	uint32_t *page_frames;
	uint32_t page_frame_count;
	struct report_stack stack;
};

static uint32_t page_frame(struct data *data, uint32_t number)
{
	if (!data->page_number[number]) {
		data->page_frames[data->page_frame_count++] = number;
		data->page_number[number] = data->page_frame_count;
	}
	return data->page_number[number] - 1;
}

static void write_string(FILE *out, const char *text)
{
	fputc('"', out);
	escape_start(out, ESCAPE_JSON_SHOWN, text, FLAME_TEXT_COLUMNS);
	fputc('"', out);
}

static void write_path(FILE *out, const char *text)
{
	fputc('"', out);
	escape_end(out, ESCAPE_JSON_SHOWN, text, FLAME_TEXT_COLUMNS);
	fputc('"', out);
}

static void write_measures(struct data *data)
{
	fputs("{\"measures\":[", data->out);
	for (enum measure of = MEASURE_PEAK; of <= MEASURE_TOTAL; of++) {
		uint64_t blocks = 0;
		for (uint32_t i = 0; i < data->profile->entry_count; i++) {
			blocks += profile_entry_blocks(&data->profile->entries[i], of);
		}
		fputs(of ? ",{\"name\":" : "{\"name\":", data->out);
		write_string(data->out, svg_measure_title(data->profile, of));
		fputs(",\"noun\":", data->out);
		write_string(data->out, svg_measure_noun(data->profile, of));
		fprintf(data->out, ",\"bytes\":%" PRIu64 ",\"blocks\":%" PRIu64 "}",
			profile_sum_bytes(data->profile, of), blocks);
	}
	fprintf(data->out, "],\n\"shown\":%d,\"outOfMemory\":%s", (int)data->options->of,
		data->profile->moment >= MOMENT_OUT_OF_MEMORY ? "true" : "false");
}

/*
 * [stacks, hidden stacks, hidden bytes, [frame, parent, bytes, blocks, self bytes, ...]]: a box is
 * five numbers, the first is the root, parents come before children, siblings largest first.
 * frame is -1 for the root, -1 - n for n frames left out.
 */
static void write_graph(struct data *data, const struct flame *flame, const uint32_t *order)
{
	FILE *out = data->out;
	fprintf(out, "[%u,%u,%" PRIu64 ",[", flame->stacks, flame->hidden_stacks,
		flame->hidden_bytes);
	for (uint32_t i = 0, n = 0;; n++) {
		const struct flame_box *box = &flame->boxes[i];
		int64_t frame = -1;
		if (box->frame == FLAME_ELIDED) {
			frame = -1 - (int64_t)box->elided_frames;
		} else if (box->frame != FLAME_ROOT) {
			frame = page_frame(data, box->frame);
		}
		fprintf(out, "%s%" PRId64 ",%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64, n ? "," : "",
			frame, order[box->parent], box->bytes, box->blocks, box->self_bytes);
		if (box->first_child) {
			i = box->first_child;
			continue;
		}
		while (i && !flame->boxes[i].next_sibling) {
			i = flame->boxes[i].parent;
		}
		if (i == 0) {
			break;
		}
		i = flame->boxes[i].next_sibling;
	}
	fputs("]]", out);
}

/* Per box, its place in the order in which write_graph writes: depth first. */
static uint32_t *depth_first_order(const struct flame *flame)
{
	uint32_t *order = calloc(flame->count, sizeof(*order));
	uint32_t *size = calloc(flame->count, sizeof(*size));
	if (!order || !size) {
		free(order);
		free(size);
		errno = ENOMEM;
		return NULL;
	}
	for (uint32_t i = flame->count; i-- > 0;) {
		size[i]++;
		size[flame->boxes[i].parent] += i ? size[i] : 0;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		uint32_t next = order[i] + 1;
		for (uint32_t c = flame->boxes[i].first_child; c;
		     c = flame->boxes[c].next_sibling) {
			order[c] = next;
			next += size[c];
		}
	}
	free(size);
	return order;
}

static int write_one_graph(struct data *data, enum measure of, bool reversed)
{
	struct flame flame;
	uint64_t min_bytes = profile_sum_bytes(data->profile, of) / GRAPH_SHARE_MIN;
	if (flame_build(&flame, data->profile, of, reversed, min_bytes) != 0) {
		return -1;
	}
	uint32_t *order = NULL;
	int result = flame_limit(&flame, GRAPH_BOXES_MAX);
	if (result == 0) {
		order = depth_first_order(&flame);
		result = order ? 0 : -1;
	}
	if (result == 0) {
		write_graph(data, &flame, order);
	}
	free(order);
	flame_done(&flame);
	return result;
}

static int write_graphs(struct data *data)
{
	fputs(",\n\"graphs\":[", data->out);
	for (enum measure of = MEASURE_PEAK; of <= MEASURE_TOTAL; of++) {
		fputs(of ? ",\n[" : "[", data->out);
		if (write_one_graph(data, of, false) != 0) {
			return -1;
		}
		fputs(",\n", data->out);
		if (write_one_graph(data, of, true) != 0) {
			return -1;
		}
		fputc(']', data->out);
	}
	fputc(']', data->out);
	return 0;
}

static int write_sites(struct data *data)
{
	struct call_sites sites;
	if (call_sites_collect(&sites, data->profile, data->options->of, SITES_TOP) != 0) {
		return -1;
	}
	fputs(",\n\"sites\":[", data->out);
	for (uint32_t i = 0; i < sites.count; i++) {
		const struct call_site *site = &sites.sites[i];
		fprintf(data->out, "%s[%u", i ? ",\n" : "", page_frame(data, site->frame));
		for (unsigned of = 0; of < 3; of++) {
			fprintf(data->out, ",%" PRIu64, site->self_bytes[of]);
		}
		for (unsigned of = 0; of < 3; of++) {
			fprintf(data->out, ",%" PRIu64, site->self_blocks[of]);
		}
		for (unsigned of = 0; of < 3; of++) {
			fprintf(data->out, ",%" PRIu64, site->all_bytes[of]);
		}
		fputc(']', data->out);
	}
	fputc(']', data->out);
	call_sites_done(&sites);
	return 0;
}

/* The frames of a node's stack, outermost first; of a deep one the head and the tail. */
static int write_stack(struct data *data, uint32_t node)
{
	struct report_stack *stack = &data->stack;
	if (report_stack_load(stack, data->profile, node) != 0) {
		return -1;
	}
	fputc('[', data->out);
	for (uint32_t i = 0; i < stack->count; i++) {
		fputs(i ? "," : "", data->out);
		if (i == FLAME_HEAD && stack->count > FLAME_DEPTH_MAX) {
			uint32_t elided = stack->count - FLAME_HEAD - FLAME_TAIL;
			fprintf(data->out, "-%u,", elided);
			i += elided;
		}
		fprintf(data->out, "%u", page_frame(data, stack->frames[i]));
	}
	fputc(']', data->out);
	return 0;
}

static int write_stacks_of(struct data *data, enum measure of)
{
	uint32_t count;
	uint32_t *sorted = profile_sorted_entries(data->profile, of, &count);
	int result = sorted ? 0 : -1;
	for (uint32_t i = 0; i < STACKS_MAX && result == 0 && i < count; i++) {
		const struct profile_entry *entry = &data->profile->entries[sorted[i]];
		fprintf(data->out, "%s[%" PRIu64 ",%" PRIu64 ",", i ? ",\n" : "",
			profile_entry_bytes(entry, of), profile_entry_blocks(entry, of));
		result = write_stack(data, entry->node);
		fputc(']', data->out);
	}
	free(sorted);
	return result;
}

static int write_stacks(struct data *data)
{
	int result = 0;
	fputs(",\n\"stacks\":[", data->out);
	for (enum measure of = MEASURE_PEAK; of <= MEASURE_TOTAL && result == 0; of++) {
		fputs(of ? ",\n[" : "[", data->out);
		result = write_stacks_of(data, of);
		fputc(']', data->out);
	}
	fputc(']', data->out);
	return result;
}

/* The stacks that are named apart. */
static int write_special_stacks(struct data *data)
{
	const struct outcome *outcome = &data->profile->outcome;
	uint32_t node = breach_happened(outcome) ? data->profile->breach_node : 0;
	fputs(",\n\"breach\":[\"", data->out);
	breach_write_title(data->out, outcome);
	fputs("\",", data->out);
	if (write_stack(data, node) != 0) {
		return -1;
	}
	fputs("],\n\"failed\":", data->out);
	return write_stack(data, data->profile->failed_node);
}

static int write_threads(struct data *data)
{
	const struct profile *profile = data->profile;
	uint32_t count = threads_matter(&profile->outcome) ? profile->thread_count : 0;
	uint32_t *order = threads_in_order(profile);
	int result = order ? 0 : -1;
	fputs(",\n\"threads\":[", data->out);
	for (uint32_t i = 0; i < THREADS_MAX && i < count && result == 0; i++) {
		const struct profile_thread *thread = &profile->threads[order[i]];
		fprintf(data->out, "%s[%u,%u,", i ? ",\n" : "", thread->pid, thread->tid);
		if (thread->flags & THREAD_STOPPED) {
			fputs("null", data->out);
		} else {
			fprintf(data->out, "%" PRIu64, thread->age_allocations);
		}
		fprintf(data->out, ",%d,", threads_broke(profile, thread));
		result = write_stack(data, thread->node);
		fputc(']', data->out);
	}
	fputc(']', data->out);
	free(order);
	return result;
}

static void write_samples(struct data *data)
{
	fputs(",\n\"samples\":[", data->out);
	for (uint32_t i = 0; i < data->profile->sample_count; i++) {
		const struct usage_sample *sample = &data->profile->samples[i];
		fprintf(data->out,
			"%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			"]",
			i ? "," : "", sample->time_ms, sample->tracked_bytes,
			sample->anonymous_bytes, sample->shared_bytes, sample->file_bytes,
			sample->cgroup_bytes);
	}
	fputc(']', data->out);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The strings that name the files of the page's frames, each once; count of them. */
static uint32_t collect_files(struct data *data, uint32_t *files)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < data->page_frame_count; i++) {
		files[i] = data->profile->frames[data->page_frames[i]].file;
	}
	qsort(files, data->page_frame_count, sizeof(*files), ascending);
	for (uint32_t i = 0; i < data->page_frame_count; i++) {
		if (i == 0 || files[i] != files[i - 1]) {
			files[kept++] = files[i];
		}
	}
	return kept;
}

static void write_files(struct data *data, const uint32_t *files, uint32_t count)
{
	const struct profile *profile = data->profile;
	const char *directory = profile_string(profile, profile->directory);
	fputs(",\n\"files\":[", data->out);
	for (uint32_t i = 0; i < count; i++) {
		const char *path = profile_string(profile, files[i]);
		fputs(i ? ",\n[" : "[", data->out);
		write_path(data->out, path);
		fputc(',', data->out);
		write_path(data->out, flame_short_path(path, directory));
		fputc(']', data->out);
	}
	fputc(']', data->out);
}

static int write_frames(struct data *data)
{
	FILE *out = data->out;
	uint32_t *files = malloc(((size_t)data->page_frame_count + 1) * sizeof(*files));
	if (!files) {
		errno = ENOMEM;
		return -1;
	}
	uint32_t file_count = collect_files(data, files);
	write_files(data, files, file_count);
	fputs(",\n\"frames\":[", out);
	for (uint32_t i = 0; i < data->page_frame_count; i++) {
		uint32_t number = data->page_frames[i];
		const struct profile_frame *frame = &data->profile->frames[number];
		struct flame_label label = flame_label_of(data->profile, number);
		unsigned flags = (frame->flags & FRAME_LABEL ? PAGE_FRAME_LABEL : 0)
				 | (label.own ? PAGE_FRAME_OWN : 0)
				 | (frame->flags & FRAME_SOURCE_CHANGED ? PAGE_FRAME_CHANGED : 0);
		const uint32_t *file =
			bsearch(&frame->file, files, file_count, sizeof(*files), ascending);
		fprintf(out, "%s[%u,%u,", i ? ",\n" : "", (unsigned)(file - files), frame->line);
		write_string(out, label.function);
		fputc(',', out);
		write_string(out, data->options->with_source ? label.source : "");
		fprintf(out, ",%u]", flags);
	}
	fputs("]}\n", out);
	free(files);
	return 0;
}

int html_write_data(FILE *out, const struct profile *profile, const struct report_options *options)
{
	size_t frames = (size_t)profile->frame_count + 1;
	struct data data = {
		.out = out,
		.profile = profile,
		.options = options,
		.page_number = calloc(frames, sizeof(*data.page_number)),
		.page_frames = calloc(frames, sizeof(*data.page_frames)),
	};
	int result = -1;
	if (data.page_number && data.page_frames) {
		write_measures(&data);
		write_samples(&data);
		if (write_graphs(&data) == 0 && write_sites(&data) == 0 && write_stacks(&data) == 0
		    && write_special_stacks(&data) == 0 && write_threads(&data) == 0) {
			result = write_frames(&data);
		}
	}
	free(data.page_number);
	free(data.page_frames);
	report_stack_done(&data.stack);
	return result;
}
