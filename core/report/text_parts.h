// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What the parts of the text report share. */
#ifndef CORE_REPORT_TEXT_PARTS_H
#define CORE_REPORT_TEXT_PARTS_H

#include "core/report/report.h"
#include "core/report/stack.h"

#define TEXT_COLUMNS 100u

/* Styles of a terminal: ECMA-48, SGR. */
#define STYLE_BOLD "\x1b[1m"
#define STYLE_DIM "\x1b[2m"
#define STYLE_PLAIN "\x1b[0m"

struct text_writer {
	FILE *out;
	const struct profile *profile;
	const struct report_options *options;
	struct report_stack stack;
};

/** Switch a style on, if the report has colours. */
void text_style(const struct text_writer *writer, const char *sequence);

/**
 * Write text in lines of at most TEXT_COLUMNS, broken at blanks. The first begins where the stream
 * is, in column indent; the others are indented to it.
 */
void text_write_wrapped(FILE *out, const char *text, unsigned indent);

/** An empty line, and a heading in one of its own. */
void text_write_title(const struct text_writer *writer, const char *title);

/** What has to go so that it fits. 0, or -1 with errno ENOMEM. */
int text_write_cut(const struct text_writer *writer);

/** What the kernel counts, and how much RAM it needs. */
void text_write_ram(const struct text_writer *writer);

/** Everything above the stacks: verdict, run, totals, the check of the sum, notes. */
void text_write_head(const struct text_writer *writer);

#endif
