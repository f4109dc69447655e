// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/report.h"

#include <string.h>

const struct report_format report_formats[] = {
	{ "html", ".html", "one self-contained page", false, report_write_html },
	{ "svg", ".svg", "a flame graph", false, report_write_svg },
	{ "text", ".txt", "the largest call stacks, for a terminal or a log", false,
	  report_write_text },
	{ "folded", ".prof", "collapsed stacks, one per line, as Fil and flamegraph.pl write them",
	  false, report_write_folded },
	{ "pprof", ".pb.gz", "for pprof and what reads its format", true, report_write_pprof },
	{ "speedscope", ".speedscope.json", "for speedscope.app", false, report_write_speedscope },
	{ NULL, NULL, NULL, false, NULL },
};

const struct report_format *report_find_format(const char *name)
{
	for (const struct report_format *format = report_formats; format->name; format++) {
		if (strcmp(format->name, name) == 0) {
			return format;
		}
	}
	return NULL;
}
