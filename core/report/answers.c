// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/answers.h"

#include "core/base/attributes.h"
#include "core/profile/gap.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdarg.h>

#define MIB ((uint64_t)1 << 20)

/** Add a row; one of 0 bytes only if it is a sum. */
static attr_printf(5, 6) void add_row(struct sum *sum, char sign, uint64_t bytes,
				      const char *name, const char *format, ...)
{
	if (bytes == 0 && sign != '=') {
		return;
	}
	struct sum_row *row = &sum->rows[sum->count++];
	va_list args;
	*row = (struct sum_row){ .sign = sum->count == 1 ? ' ' : sign, .bytes = bytes,
				 .name = name };
	va_start(args, format);
	vsnprintf(row->meaning, sizeof(row->meaning), format, args);
	va_end(args);
}

static void add_kernel_rows(struct sum *sum, const struct charge *charge)
{
	add_row(sum, '+', charge->shared_bytes, "shared", "shared memory and tmpfs that is mapped");
	add_row(sum, '+', charge->page_table_bytes, "page tables", "which memory is where");
	add_row(sum, '+', charge->kernel_bytes, "kernel",
		"for %" PRIu32 " thread%s in %" PRIu32 " process%s", charge->threads,
		charge->threads == 1 ? "" : "s", charge->processes,
		charge->processes == 1 ? "" : "es");
}

struct sum answers_gap(const struct profile *profile)
{
	struct gap gap = gap_of(profile);
	struct sum sum = { .count = 0 };
	uint32_t processes = profile->outcome.charge.processes;
	if (!gap_is_known(&gap)) {
		return sum;
	}
	add_row(&sum, '+', gap.tracked, "tracked", "what it asked for, as the stacks show it");
	add_row(&sum, '+', gap.untracked, "not tracked",
		"interpreter, libraries, stacks, gaps between blocks");
	add_row(&sum, '-', gap.untouched, "not touched", "asked for, but never used, at the least");
	add_kernel_rows(&sum, &profile->outcome.charge);
	add_row(&sum, '=', gap.charge, "charged", "what has to fit below a limit");
	add_row(&sum, '+', gap.file, "files", "mapped; dropped when memory is short");
	add_row(&sum, '+', gap.segment, "fil-profile", "its tables: not there without it");
	add_row(&sum, '=', gap.counted, "in all", "what the kernel counts");
	add_row(&sum, '<', gap.resident, "resident", "what htop, top and ps show%s",
		processes > 1 ? ", of all processes" : "");
	return sum;
}

struct sum answers_fit(const struct fit *fit)
{
	struct sum sum = { .count = 0 };
	if (fit->need == 0) {
		return sum;
	}
	add_row(&sum, '+', fit->charge.anonymous_bytes, "anonymous",
		"heap, stacks, data of libraries");
	add_kernel_rows(&sum, &fit->charge);
	add_row(&sum, '+', fit->unseen, "unseen", "a short peak, by the kernel's highest mark");
	add_row(&sum, '+', fit->pending, "asked for", "when the limit was reached");
	add_row(&sum, '=', fit->need, "need", fit->at_least ? "at least" : "the smallest RAM");
	add_row(&sum, '+', fit->margin, "margin", "%u %%, and no less than %" PRIu64 " MiB",
		FIT_MARGIN_PERCENT, FIT_MARGIN_MIN_BYTES / MIB);
	return sum;
}

void answers_write_fit(FILE *out, const struct fit *fit)
{
	if (fit->need == 0) {
		fputs("how much RAM it needs is not known: nobody saw what the kernel charged",
		      out);
	} else if (fit->at_least) {
		fprintf(out, "it needs at least %s of RAM; how much more, had it gone on, is not "
			     "known", units_bytes(fit->need).text);
	} else {
		fprintf(out, "it would have finished in %s of RAM", units_bytes(fit->need).text);
	}
}

void answers_write_kubernetes(FILE *out, const struct fit *fit)
{
	fprintf(out, "resources: {requests: {memory: %" PRIu64 "Mi}, limits: {memory: %" PRIu64
		     "Mi}}", fit->request / MIB, fit->limit / MIB);
}

void answers_write_kubernetes_rule(FILE *out)
{
	fprintf(out, "requests: need and margin, rounded up; limits: 1/%u more",
		FIT_HEADROOM_DIVISOR);
}

bool answers_budget(const struct profile *profile, const struct report_options *options,
		    struct budget *ret)
{
	return options->budget_bytes
		? budget_of_size(profile, options->budget_bytes, ret)
		: budget_of_breach(&profile->outcome, ret);
}

void answers_write_budget_unknown(FILE *out, uint64_t budget_bytes)
{
	fprintf(out, "whether it fits into %s is not known: nobody saw what the kernel charged",
		units_bytes(budget_bytes).text);
}

void answers_write_budget(FILE *out, const struct budget *budget, const struct budget_cut *cut)
{
	if (budget->excess_bytes == 0) {
		fprintf(out, "it fits into %s%s: it took %s%s",
			units_bytes(budget->limit_bytes).text, budget->at_least ? ", so far" : "",
			units_bytes(budget->taken_bytes).text,
			budget->at_least ? " at least, and did not finish" : "");
		return;
	}
	fprintf(out, "to fit into %s, %s of %s have to go; ",
		units_bytes(budget->limit_bytes).text, units_bytes(budget->excess_bytes).text,
		units_bytes(budget->taken_bytes).text);
	if (cut->missing_bytes) {
		fprintf(out, "all that is tracked, %s, is not enough",
			units_bytes(cut->tracked_bytes).text);
	} else if (cut->count == 1) {
		fprintf(out, "the largest line, of %s, is enough",
			units_bytes(cut->bytes).text);
	} else {
		fprintf(out, "the %s largest lines, of %s, are enough",
			units_count(cut->count).text, units_bytes(cut->bytes).text);
	}
}

void answers_budget_notes(const struct budget *budget, const struct budget_cut *cut,
			  struct line_sink *sink)
{
	FILE *out = NULL;
	if (budget->excess_bytes == 0) {
		return;
	}
	if (cut->missing_bytes && (out = line_begin(sink))) {
		fprintf(out, "%s more: of the interpreter, its libraries and what else is not "
			     "tracked", units_bytes(cut->missing_bytes).text);
		line_end(sink, out);
	} else if (cut->count && cut->last_bytes < cut->sites[cut->count - 1].bytes
		   && (out = line_begin(sink))) {
		fprintf(out, "%s %s would do",
			cut->count == 1 ? "of it" : "of the last of them",
			units_bytes(cut->last_bytes).text);
		line_end(sink, out);
	}
	if (cut->untouched_bytes && (out = line_begin(sink))) {
		fprintf(out, "%s of what is tracked was not in RAM then, nobody knows of which "
			     "lines: so much more is listed",
			units_bytes(cut->untouched_bytes).text);
		line_end(sink, out);
	}
}

uint32_t answers_cut_shown(const struct budget_cut *cut)
{
	return cut->count > CUT_SITES_MAX + 1 ? CUT_SITES_MAX : cut->count;
}
