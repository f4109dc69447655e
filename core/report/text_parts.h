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

/** Everything above the stacks: verdict, run, totals, the check of the sum, notes. */
void text_write_head(const struct text_writer *writer);

#endif
