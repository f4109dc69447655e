// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/budget.h"
#include "core/profile/sites.h"
#include "core/report/answers.h"
#include "core/report/line_sink.h"
#include "core/report/notes.h"
#include "core/report/place.h"
#include "core/report/report.h"
#include "core/report/units.h"

#include <stdlib.h>

/** Call sites that are named. */
#define SITES_MAX 3u

struct summary {
	const struct profile *profile;
	struct line_sink sink;
};

static void write_verdict(struct summary *summary)
{
	FILE *out = line_begin(&summary->sink);
	if (out) {
		int64_t ms = summary->profile->outcome.duration_ms;
		fputs("verdict: ", out);
		report_verdict_sentence(out, summary->profile);
		fprintf(out, " after %s", units_duration(ms > 0 ? (uint64_t)ms : 0).text);
		line_end(&summary->sink, out);
	}
}

static void write_peak(struct summary *summary)
{
	const struct profile *profile = summary->profile;
	FILE *out = line_begin(&summary->sink);
	if (!out) {
		return;
	}
	fprintf(out, "peak memory: %s (%s bytes)", units_bytes(profile->peak_bytes).text,
		units_count(profile->peak_bytes).text);
	if (report_default_measure(profile) == MEASURE_END) {
		fprintf(out, "; %s when memory %s", units_bytes(profile->end_bytes).text,
			profile->moment == MOMENT_IN_ADVANCE ? "was almost out" : "ran out");
	}
	if (profile->outcome.max_rss_bytes) {
		fprintf(out, "; resident: %s at most",
			units_bytes(profile->outcome.max_rss_bytes).text);
	}
	line_end(&summary->sink, out);
}

static void write_site(struct summary *summary, const struct site *site, uint64_t whole)
{
	FILE *out = line_begin(&summary->sink);
	if (out) {
		fprintf(out, "  %10s %7s  ", units_bytes(site->bytes).text,
			units_percent(site->bytes, whole).text);
		place_write(out, summary->profile, site->frame, true);
		line_end(&summary->sink, out);
	}
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

/** One line on what to cut; the sites that it counts are those above, and smaller ones. */
static void write_cut(struct summary *summary)
{
	const struct profile *profile = summary->profile;
	enum measure of = report_default_measure(profile);
	struct budget budget;
	struct budget_cut cut;
	if (!budget_of_breach(&profile->outcome, &budget) || budget.excess_bytes == 0
	    || budget_find_cut(profile, of, &budget, &cut) != 0) {
		return;
	}
	FILE *out = line_begin(&summary->sink);
	if (out) {
		answers_write_budget(out, &budget, &cut);
		line_end(&summary->sink, out);
	}
	budget_cut_done(&cut);
}

void report_summary(const struct profile *profile, void (*line)(void *context, const char *text),
		    void *context)
{
	struct summary summary = {
		.profile = profile,
		.sink = { .line = line, .context = context },
	};
	write_verdict(&summary);
	write_peak(&summary);
	write_sites(&summary);
	write_cut(&summary);
	report_notes(profile, line, context);
}
