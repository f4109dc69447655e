// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Text that goes out line by line, each made with stdio: to stderr, to a report, to a test. */
#ifndef CORE_REPORT_LINE_SINK_H
#define CORE_REPORT_LINE_SINK_H

#include <stddef.h>
#include <stdio.h>

struct line_sink {
	/** Takes a line without newline, safe for a terminal. */
	void (*line)(void *context, const char *text);
	void *context;
	/** The line that is being written. */
	char *text;
	size_t len;
};

/** Where to write the next line; NULL without memory: it is left out. One at a time. */
FILE *line_begin(struct line_sink *sink);

/** Hand it on. */
void line_end(struct line_sink *sink, FILE *out);

#endif
