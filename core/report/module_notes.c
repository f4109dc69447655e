// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/notes.h"

#include "core/base/attributes.h"
#include "core/base/symbols.h"
#include "core/report/escape.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/** Modules that are named in one note; the rest is counted. */
#define NAMED_MAX 3u

/** What a module's frames lack. */
struct lack {
	uint32_t names;
	uint32_t lines;
};

static const char *const reasons[SYMBOLS_STATE_COUNT] = {
	[SYMBOLS_NAMES] = "no debug information is here; report --symbols=DIR looks in DIR",
	[SYMBOLS_NO_FILE] = "no such file is here; report --symbols=DIR looks in DIR",
	[SYMBOLS_OTHER_FILE] = "another build is in its place; report --symbols=DIR looks in DIR",
	[SYMBOLS_READER_DIED] = "the debug information could not be read, or not in time",
};

/** The frames of a stack up to one that has been marked before. */
static void mark_stack(const struct profile *profile, uint32_t node, bool *marked, bool *frames)
{
	for (; node && !marked[node]; node = profile->nodes[node].parent) {
		marked[node] = true;
		frames[profile->nodes[node].frame] = true;
	}
}

/**
 * Frames of stacks that held memory at the peak or at the end. (A shell that only led to the
 * program has allocated, too, and nobody asks for its lines.)
 */
static bool *find_frames(const struct profile *profile)
{
	bool *marked = calloc((size_t)profile->node_count + 1, sizeof(*marked));
	bool *frames = calloc((size_t)profile->frame_count + 1, sizeof(*frames));
	for (uint32_t i = 0; marked && frames && i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		if (entry->peak_bytes | entry->end_bytes) {
			mark_stack(profile, entry->node, marked, frames);
		}
	}
	free(marked);
	return frames;
}

static struct lack *find_lacks(const struct profile *profile)
{
	struct lack *lacks = calloc((size_t)profile->module_count + 1, sizeof(*lacks));
	bool *used = find_frames(profile);
	for (uint32_t i = 0; lacks && used && i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];
		if (used[i] && frame->flags & FRAME_NATIVE && frame->module
		    && frame->module <= profile->module_count) {
			struct lack *lack = &lacks[frame->module - 1];
			lack->names += frame->flags & FRAME_LABEL ? 1 : 0;
			lack->lines += frame->line ? 0 : 1;
		}
	}
	free(used);
	return lacks;
}

static bool lacks_lines(const struct profile *profile, const struct lack *lacks, uint32_t i,
			uint32_t state)
{
	return profile->modules[i].state == state && lacks[i].lines;
}

/** The next of them by the number of frames, largest first; before is the last one, -1: none. */
static int64_t next_module(const struct profile *profile, const struct lack *lacks, uint32_t state,
			   int64_t before)
{
	int64_t best = -1;
	for (uint32_t i = 0; i < profile->module_count; i++) {
		bool is_behind = before < 0 || lacks[i].lines < lacks[before].lines
			|| (lacks[i].lines == lacks[before].lines && i > before);
		if (lacks_lines(profile, lacks, i, state) && is_behind
		    && (best < 0 || lacks[i].lines > lacks[best].lines)) {
			best = i;
		}
	}
	return best;
}

/** "libc.so.6, libm.so.6 and 2 more" */
static void write_modules(FILE *out, const struct profile *profile, const struct lack *lacks,
			  uint32_t state)
{
	uint32_t count = 0;
	int64_t at = -1;
	for (uint32_t i = 0; i < profile->module_count; i++) {
		count += lacks_lines(profile, lacks, i, state);
	}
	for (uint32_t i = 0; i < NAMED_MAX && i < count; i++) {
		at = next_module(profile, lacks, state, at);
		fputs(i ? ", " : "", out);
		escape_text(out, ESCAPE_TERMINAL, profile_module_name(profile, (uint32_t)at));
	}
	if (count > NAMED_MAX) {
		fprintf(out, " and %" PRIu32 " more", count - NAMED_MAX);
	}
}

/** "7 frames of libc.so.6 have no line, 3 of them no name: REASON"; nothing if all is well. */
static void write_note(FILE *out, const struct profile *profile, const struct lack *lacks,
		       uint32_t state)
{
	struct lack sum = { 0, 0 };
	for (uint32_t i = 0; i < profile->module_count; i++) {
		if (lacks_lines(profile, lacks, i, state)) {
			sum.names += lacks[i].names;
			sum.lines += lacks[i].lines;
		}
	}
	if (!sum.lines) {
		return;
	}
	fprintf(out, "%s frame%s of ", units_count(sum.lines).text, sum.lines == 1 ? "" : "s");
	write_modules(out, profile, lacks, state);
	fputs(sum.lines == 1 ? " has no line" : " have no line", out);
	if (sum.names) {
		fprintf(out, ", %s of them no name", units_count(sum.names).text);
	}
	fprintf(out, ": %s", reasons[state]);
}

void report_module_notes(const struct profile *profile,
			 void (*line)(void *context, const char *text), void *context)
{
	struct lack *lacks = find_lacks(profile);
	for (uint32_t state = 0; lacks && state < SYMBOLS_STATE_COUNT; state++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = reasons[state] ? open_memstream(&text, &len) : NULL;
		if (!out) {
			continue;
		}
		write_note(out, profile, lacks, state);
		if (fclose(out) == 0 && len) {
			line(context, text);
		}
		free(text);
	}
	free(lacks);
}
