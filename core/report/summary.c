// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/sites.h"
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
	enum measure of = report_default_measure(summary->profile);
	uint64_t whole = profile_sum_bytes(summary->profile, of);
	uint32_t count;
	struct site *sites = sites_collect(summary->profile, of, &count);
	for (uint32_t i = 0; sites && i < count && i < SITES_MAX; i++) {
		write_site(summary, &sites[i], whole);
	}
	free(sites);
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
