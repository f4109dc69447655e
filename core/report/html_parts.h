// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Between the parts of the page: core/report/html*.c and timeline_chart.c, nobody else.
 *
 * What does not change is written as HTML here; what the reader can switch, sort and zoom is made
 * by core/report/assets/page.js from one JSON text (html_write_data).
 */
#ifndef CORE_REPORT_HTML_PARTS_H
#define CORE_REPORT_HTML_PARTS_H

#include "core/report/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** A line of code, and what it holds under each measure, by enum measure. */
struct call_site {
	uint32_t frame;
	/** Allocated by the line itself, and by it or what it called; a recursion counts once. */
	uint64_t self_bytes[3];
	uint64_t self_blocks[3];
	uint64_t all_bytes[3];
	/** Used while they are selected. */
	bool chosen;
};

struct call_sites {
	struct call_site *sites;
	uint32_t count;
};

/**
 * The call sites that are among the top ones by any of self_bytes and all_bytes under any measure;
 * top of each. Largest self_bytes under the measure first. 0, or -1 with errno ENOMEM.
 */
int call_sites_collect(struct call_sites *ret_sites, const struct profile *profile,
		       enum measure of, uint32_t top);

void call_sites_done(struct call_sites *sites);

/** The head of the page: verdict, numbers, facts about the run. */
void html_write_head(FILE *out, const struct profile *profile, const struct report_options *);

/**
 * The section on what to cut so that it fits; nothing without a budget and a broken ceiling. 0, or
 * -1 with errno ENOMEM.
 */
int html_write_cut(FILE *out, const struct profile *profile, const struct report_options *);

/** The section on what the kernel counts and how much RAM it needs. */
void html_write_ram(FILE *out, const struct profile *profile);

/** The section on what is tracked and what is not, with the check of the sum. */
void html_write_notes(FILE *out, const struct profile *profile);

/** The JSON text for the script element. 0, or -1 with errno ENOMEM. */
int html_write_data(FILE *out, const struct profile *profile, const struct report_options *);

/** The chart of memory over time: a figure that scales with its place. */
void timeline_chart_write(FILE *out, const struct profile *profile);

#endif
