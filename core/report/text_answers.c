// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/answers.h"
#include "core/report/text_parts.h"

#include <string.h>

/* A sentence, or a row of a table, which is one line whatever it takes. */
static void write_line(void *context, const char *text)
{
	const struct text_writer *writer = context;
	bool is_row = strchr(" +-=", text[0]) != NULL;
	fputs("  ", writer->out);
	if (is_row) {
		fprintf(writer->out, "%s\n", text);
	} else {
		text_write_wrapped(writer->out, text, 2);
	}
}

int text_write_cut(const struct text_writer *writer)
{
	struct budget budget;
	if (!writer->options->budget_bytes
	    && !answers_budget(writer->profile, writer->options, &budget)) {
		return 0;
	}
	text_write_title(writer, "What to cut");
	fputc('\n', writer->out);
	return report_budget(writer->profile, writer->options, write_line, (void *)writer);
}

void text_write_ram(const struct text_writer *writer)
{
	struct line_sink sink = { .line = write_line, .context = (void *)writer };
	struct sum gap = answers_gap(writer->profile);
	if (answers_is_part(writer->profile)) {
		return;
	}
	if (gap.count) {
		text_write_title(writer, "What the kernel counts, when it was most");
		fputc('\n', writer->out);
		answers_sum_lines(&gap, &sink);
	}
	text_write_title(writer, "How much RAM it needs");
	fputc('\n', writer->out);
	report_fit(writer->profile, write_line, (void *)writer);
}
