// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The answers as lines: for stderr, for the text report, and alone. */

#include "core/report/answers.h"
#include "core/report/line_sink.h"
#include "core/report/place.h"
#include "core/report/report.h"
#include "core/report/units.h"

#include <inttypes.h>

void answers_sum_lines(const struct sum *sum, struct line_sink *sink)
{
	for (uint32_t i = 0; i < sum->count; i++) {
		const struct sum_row *row = &sum->rows[i];
		FILE *out = line_begin(sink);
		if (out) {
			fprintf(out, "%c %10s %17s  %-11s  %s", row->sign == '<' ? ' ' : row->sign,
				units_bytes(row->bytes).text, units_count(row->bytes).text,
				row->name, row->meaning);
			line_end(sink, out);
		}
	}
}

static void fit_line(struct line_sink *sink, const struct fit *fit)
{
	FILE *out = line_begin(sink);
	if (out) {
		answers_write_fit(out, fit);
		line_end(sink, out);
	}
}

static void kubernetes_lines(struct line_sink *sink, const struct fit *fit)
{
	FILE *out = line_begin(sink);
	if (out) {
		answers_write_kubernetes(out, fit);
		line_end(sink, out);
	}
	out = line_begin(sink);
	if (out) {
		answers_write_kubernetes_rule(out);
		line_end(sink, out);
	}
}

void report_fit(const struct profile *profile, void (*line)(void *context, const char *text),
		void *context)
{
	struct line_sink sink = { .line = line, .context = context };
	struct fit fit = fit_of(profile);
	struct sum sum = answers_fit(&fit);
	fit_line(&sink, &fit);
	answers_sum_lines(&sum, &sink);
	if (fit.need) {
		kubernetes_lines(&sink, &fit);
	}
}

static void site_lines(struct line_sink *sink, const struct profile *profile,
		       const struct site *site, uint32_t number, uint64_t sum, bool with_source)
{
	FILE *out = line_begin(sink);
	if (out) {
		fprintf(out, "%3" PRIu32 ". %10s, in all %10s; %s block%s", number,
			units_bytes(site->bytes).text, units_bytes(sum).text,
			units_count(site->blocks).text, site->blocks == 1 ? "" : "s");
		line_end(sink, out);
	}
	out = line_begin(sink);
	if (out) {
		fputs("     ", out);
		place_write(out, profile, site->frame, with_source);
		line_end(sink, out);
	}
}

static void cut_lines(struct line_sink *sink, const struct profile *profile,
		      const struct budget_cut *cut, bool with_source)
{
	uint32_t shown = answers_cut_shown(cut);
	uint64_t sum = 0;
	for (uint32_t i = 0; i < shown; i++) {
		sum += cut->sites[i].bytes;
		site_lines(sink, profile, &cut->sites[i], i + 1, sum, with_source);
	}
	FILE *out = shown < cut->count ? line_begin(sink) : NULL;
	if (out) {
		fprintf(out, "     and %s more, of %s", units_count(cut->count - shown).text,
			units_bytes(cut->bytes - sum).text);
		line_end(sink, out);
	}
}

int report_budget(const struct profile *profile, const struct report_options *options,
		  void (*line)(void *context, const char *text), void *context)
{
	struct line_sink sink = { .line = line, .context = context };
	struct budget budget;
	struct budget_cut cut;
	FILE *out;
	if (!answers_budget(profile, options, &budget)) {
		if (options->budget_bytes && (out = line_begin(&sink))) {
			answers_write_budget_unknown(out, options->budget_bytes);
			line_end(&sink, out);
		}
		return 0;
	}
	if (budget_find_cut(profile, report_default_measure(profile), &budget, &cut) != 0) {
		return -1;
	}
	out = line_begin(&sink);
	if (out) {
		answers_write_budget(out, &budget, &cut);
		line_end(&sink, out);
	}
	answers_budget_notes(&budget, &cut, &sink);
	cut_lines(&sink, profile, &cut, options->with_source);
	budget_cut_done(&cut);
	return 0;
}
