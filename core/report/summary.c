// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/cut.h"
#include "core/report/escape.h"
#include "core/report/notes.h"
#include "core/report/report.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Call sites that are named. */
#define SITES_MAX 3u
/** A source line that is quoted is cut here. */
#define SOURCE_COLUMNS 60u

struct summary {
	const struct profile *profile;
	void (*line)(void *context, const char *text);
	void *context;
	/** The line that is being written. */
	char *text;
	size_t len;
};

static FILE *begin_line(struct summary *summary)
{
	summary->text = NULL;
	return open_memstream(&summary->text, &summary->len);
}

static void end_line(struct summary *summary, FILE *out)
{
	if (fclose(out) == 0) {
		summary->line(summary->context, summary->text);
	}
	free(summary->text);
}

static void write_verdict(struct summary *summary)
{
	FILE *out = begin_line(summary);
	if (out) {
		int64_t ms = summary->profile->outcome.duration_ms;
		fputs("verdict: ", out);
		report_verdict_sentence(out, summary->profile);
		fprintf(out, " after %s", units_duration(ms > 0 ? (uint64_t)ms : 0).text);
		end_line(summary, out);
	}
}

static void write_peak(struct summary *summary)
{
	const struct profile *profile = summary->profile;
	FILE *out = begin_line(summary);
	if (!out) {
		return;
	}
	fprintf(out, "peak memory: %s (%s bytes)", units_bytes(profile->peak_bytes).text,
		units_count(profile->peak_bytes).text);
	if (report_default_measure(profile) == MEASURE_END) {
		fprintf(out, "; %s when memory ran out", units_bytes(profile->end_bytes).text);
	}
	if (profile->outcome.max_rss_bytes) {
		fprintf(out, "; resident: %s at most",
			units_bytes(profile->outcome.max_rss_bytes).text);
	}
	end_line(summary, out);
}

/** Bytes of all stacks that end in one frame. */
struct site {
	uint64_t bytes;
	uint32_t frame;
};

static int compare_sites(const void *a, const void *b)
{
	const struct site *x = a;
	const struct site *y = b;
	if (x->bytes != y->bytes) {
		return x->bytes > y->bytes ? -1 : 1;
	}
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/** True for code that is not the user's own: the interpreter's, or installed packages. */
static bool is_library(const char *file)
{
	return file[0] == '<' || strstr(file, "/site-packages/") || strstr(file, "/dist-packages/")
		|| strstr(file, "/lib/python");
}

/**
 * For each node the line to look at: the innermost frame of the user's own code, else of all. One
 * step per node, since stacks may be very deep: parents come before their children.
 */
static uint32_t *blamed_frames(const struct profile *profile)
{
	uint32_t *blamed = malloc(((size_t)profile->node_count + 1) * sizeof(*blamed));
	bool *is_own = malloc(((size_t)profile->frame_count + 1) * sizeof(*is_own));
	bool *has_own = calloc((size_t)profile->node_count + 1, sizeof(*has_own));
	if (!blamed || !is_own || !has_own) {
		free(blamed);
		blamed = NULL;
		goto done;
	}
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];
		is_own[i] = !(frame->flags & FRAME_LABEL)
			&& !is_library(profile_string(profile, frame->file));
	}
	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		bool inherits = !is_own[node->frame] && has_own[node->parent];
		blamed[i] = inherits ? blamed[node->parent] : node->frame;
		has_own[i] = is_own[node->frame] || has_own[node->parent];
	}
done:
	free(is_own);
	free(has_own);
	return blamed;
}

static void write_site(struct summary *summary, const struct site *site, uint64_t whole)
{
	const struct profile *profile = summary->profile;
	const struct profile_frame *frame = &profile->frames[site->frame];
	const char *source = profile_string(profile, frame->source);
	FILE *out = begin_line(summary);
	if (!out) {
		return;
	}
	fprintf(out, "  %10s %7s  ", units_bytes(site->bytes).text,
		units_percent(site->bytes, whole).text);
	if (!(frame->flags & FRAME_LABEL)) {
		escape_text(out, ESCAPE_TERMINAL, profile_string(profile, frame->file));
		fprintf(out, ":%" PRIu32 " ", frame->line);
	}
	escape_text(out, ESCAPE_TERMINAL, profile_string(profile, frame->function));
	source += strspn(source, " \t\f");
	if (source[0] && !(frame->flags & FRAME_SOURCE_CHANGED)) {
		fputs(": ", out);
		cut_text(out, source, SOURCE_COLUMNS);
	}
	end_line(summary, out);
}

static void write_sites(struct summary *summary)
{
	const struct profile *profile = summary->profile;
	enum measure of = report_default_measure(profile);
	struct site *sites = calloc((size_t)profile->frame_count + 1, sizeof(*sites));
	uint32_t *blamed = blamed_frames(profile);
	if (!sites || !blamed) {
		free(sites);
		free(blamed);
		return;
	}
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		sites[i].frame = i;
	}
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		if (entry->node) {
			sites[blamed[entry->node]].bytes += profile_entry_bytes(entry, of);
		}
	}
	qsort(sites, profile->frame_count, sizeof(*sites), compare_sites);
	uint64_t whole = profile_sum_bytes(profile, of);
	for (uint32_t i = 0; i < SITES_MAX && i < profile->frame_count && sites[i].bytes; i++) {
		write_site(summary, &sites[i], whole);
	}
	free(sites);
	free(blamed);
}

void report_summary(const struct profile *profile, void (*line)(void *context, const char *text),
		    void *context)
{
	struct summary summary = { .profile = profile, .line = line, .context = context };
	write_verdict(&summary);
	write_peak(&summary);
	write_sites(&summary);
	report_notes(profile, line, context);
}
