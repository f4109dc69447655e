// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/report.h"

#include <string.h>

const struct report_format report_formats[] = {
	{ .name = "html", .extension = ".html", .summary = "one self-contained page",
	  .write = report_write_html },
	{ .name = "svg", .extension = ".svg", .summary = "a flame graph",
	  .write = report_write_svg },
	{ .name = "text", .extension = ".txt",
	  .summary = "the largest call stacks, for a terminal or a log",
	  .write = report_write_text },
	{ .name = "folded", .extension = ".prof",
	  .summary = "collapsed stacks, one per line, as Fil and flamegraph.pl write them",
	  .write = report_write_folded },
	{ .name = "pprof", .extension = ".pb.gz",
	  .summary = "for pprof and what reads its format", .binary = true,
	  .has_addresses = true, .write = report_write_pprof },
	{ .name = "speedscope", .extension = ".speedscope.json", .summary = "for speedscope.app",
	  .write = report_write_speedscope },
	{ .name = NULL },
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
