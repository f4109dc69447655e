// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Parts of the SVG writer that the page uses too: core/report/{svg,html}*.c, nobody else. */
#ifndef CORE_REPORT_SVG_H
#define CORE_REPORT_SVG_H

#include "core/report/flame.h"
#include "core/report/report.h"

#include <stdio.h>

/** What a measure is of, for a title: "Peak of tracked memory", "Memory held at the end", ... */
const char *svg_measure_title(const struct profile *profile, enum measure of);

/** The same within a sentence, after "of": "the peak", "the memory held at the end", ... */
const char *svg_measure_noun(const struct profile *profile, enum measure of);

/**
 * The graph as an SVG element without script: a static picture that scales with its place, of
 * fewer boxes than report_write_svg draws. 0, or -1 with errno.
 */
int svg_write_static(FILE *out, const struct profile *profile,
		     const struct report_options *options);

#endif
