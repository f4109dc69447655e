// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The sections of the page that answer: what to cut, what the kernel counts, how much RAM. */

#include "core/report/html_parts.h"

#include "core/report/answers.h"
#include "core/report/escape.h"
#include "core/report/flame_label.h"
#include "core/report/units.h"

static void write_sum(FILE *out, const struct sum *sum)
{
	fputs("<table class=\"sum\"><tbody>\n", out);
	for (uint32_t i = 0; i < sum->count; i++) {
		const struct sum_row *row = &sum->rows[i];
		/* A true minus: a hyphen is easily overlooked. */
		const char *sign = row->sign == '-'   ? "\xe2\x88\x92"
				   : row->sign == '+' ? "+"
				   : row->sign == '=' ? "="
						      : "";
		fprintf(out,
			"<tr%s><td>%s</td><td class=\"number\">%s</td><td class=\"number exact\">%s"
			"</td><th scope=\"row\">%s</th><td>%s</td></tr>\n",
			row->sign == '=' ? " class=\"total\"" : "", sign,
			units_bytes(row->bytes).text, units_count(row->bytes).text, row->name,
			row->meaning);
	}
	fputs("</tbody></table>\n", out);
}

static void write_place(FILE *out, const struct profile *profile, uint32_t frame, bool with_source)
{
	struct flame_label label = flame_label_of(profile, frame);
	bool changed = profile->frames[frame].flags & FRAME_SOURCE_CHANGED;
	fputs("<td class=\"place\">", out);
	escape_end(out, ESCAPE_MARKUP, label.path, FLAME_TEXT_COLUMNS);
	if (label.path[0] && label.line) {
		fprintf(out, ":%u", label.line);
	}
	fputs("</td><td class=\"function\">", out);
	escape_start(out, ESCAPE_MARKUP, label.function, FLAME_TEXT_COLUMNS);
	fputs("</td><td class=\"source code\">", out);
	if (with_source && !changed) {
		escape_start(out, ESCAPE_MARKUP, label.source, FLAME_TEXT_COLUMNS);
	}
	fputs("</td>", out);
}

static void write_cut_table(FILE *out, const struct profile *profile, const struct budget_cut *cut,
			    bool with_source)
{
	uint32_t shown = answers_cut_shown(cut);
	uint64_t sum = 0;
	fputs("<table class=\"cut\"><thead><tr><th class=\"number\">Holds</th>"
	      "<th class=\"number\">In all</th><th class=\"number\">Blocks</th>"
	      "<th>File and line</th><th>Function</th><th>Source</th></tr></thead><tbody>\n",
	      out);
	for (uint32_t i = 0; i < shown; i++) {
		const struct site *site = &cut->sites[i];
		sum += site->bytes;
		fprintf(out,
			"<tr><td class=\"number\" data-name=\"Holds\">%s</td>"
			"<td class=\"number\" data-name=\"In all\">%s</td>"
			"<td class=\"number\" data-name=\"Blocks\">%s</td>",
			units_bytes(site->bytes).text, units_bytes(sum).text,
			units_count(site->blocks).text);
		write_place(out, profile, site->frame, with_source);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
	if (shown < cut->count) {
		fprintf(out, "<p class=\"foot\">And %s more, of %s.</p>\n",
			units_count(cut->count - shown).text, units_bytes(cut->bytes - sum).text);
	}
}

static void write_note(void *context, const char *text)
{
	FILE *out = context;
	fputs("<p class=\"foot\">", out);
	escape_text(out, ESCAPE_MARKUP, text);
	fputs(".</p>\n", out);
}

static int write_budget(FILE *out, const struct profile *profile, const struct budget *budget,
			bool with_source)
{
	struct budget_cut cut;
	struct line_sink notes = { .line = write_note, .context = out };
	enum measure of = report_default_measure(profile);
	if (budget_find_cut(profile, of, budget, &cut) != 0) {
		return -1;
	}
	fputs("<p class=\"answer\">", out);
	answers_write_budget(out, budget, &cut);
	fputs(".</p>\n", out);
	if (cut.count) {
		write_cut_table(out, profile, &cut, with_source);
	}
	answers_budget_notes(budget, &cut, &notes);
	budget_cut_done(&cut);
	return 0;
}

int html_write_cut(FILE *out, const struct profile *profile, const struct report_options *options)
{
	struct budget budget;
	int result = 0;
	bool known = answers_budget(profile, options, &budget);
	if (!known && !options->budget_bytes) {
		return 0;
	}
	fputs("<section id=\"cut\">\n<h2>What to cut</h2>\n", out);
	if (known) {
		result = write_budget(out, profile, &budget, options->with_source);
	} else {
		fputs("<p class=\"answer\">", out);
		answers_write_budget_unknown(out, options->budget_bytes);
		fputs(".</p>\n", out);
	}
	fputs("</section>\n", out);
	return result;
}

static void write_fit(FILE *out, const struct profile *profile)
{
	struct fit fit = fit_of(profile);
	struct sum sum = answers_fit(&fit);
	fputs("<h2>How much RAM it needs</h2>\n<p class=\"answer\">", out);
	answers_write_fit(out, &fit);
	fputs(".</p>\n", out);
	if (sum.count) {
		write_sum(out, &sum);
		fputs("<p class=\"answer\">For Kubernetes: <code>", out);
		answers_write_kubernetes(out, &fit);
		fputs("</code></p>\n<p class=\"foot\">", out);
		answers_write_kubernetes_rule(out);
		fputs(".</p>\n", out);
	}
}

void html_write_ram(FILE *out, const struct profile *profile)
{
	struct sum gap = answers_gap(profile);
	if (answers_is_part(profile)) {
		return;
	}
	fputs("<section id=\"ram\">\n", out);
	if (gap.count) {
		fputs("<div>\n<h2>What the kernel counts, when it was most</h2>\n", out);
		write_sum(out, &gap);
		fputs("</div>\n", out);
	}
	fputs("<div>\n", out);
	write_fit(out, profile);
	fputs("</div>\n</section>\n", out);
}
