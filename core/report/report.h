// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reports: a profile rendered for people or for other tools. A table of formats; adding one is
 * adding a row. Reports read nothing but the profile, and escape whatever came from the workload.
 */
#ifndef CORE_REPORT_REPORT_H
#define CORE_REPORT_REPORT_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdio.h>

struct report_options {
	enum measure of;
	/** Flame graphs: callees at the root. */
	bool reversed;
	/** What to cut is for this many bytes of RAM; 0: for the ceiling, if it was broken. */
	uint64_t budget_bytes;
	/** Show source lines where the profile has them. */
	bool with_source;
	/** Collapsed stacks: small ones have no line of their own. */
	bool in_brief;
	/** Text: stacks to print; 0: the largest 10, but not the crumbs. */
	unsigned stacks;
	/** Text: colours for a terminal. */
	bool colour;
	/** A comparison: the other run. */
	const struct profile *other;
};

struct report_format {
	const char *name;      /* as in --format=NAME */
	const char *extension; /* of a file of this format, with its dot */
	const char *summary;   /* for --help */
	bool binary;           /* not to be written to a terminal */
	bool has_addresses;    /* to be written from the whole, see core/profile/shown.h */
	/** Write it. 0, or -1 with errno (of the stream, or ENOMEM). */
	int (*write)(FILE *out, const struct profile *profile,
		     const struct report_options *options);
};

/** All formats: html, svg, text, folded, pprof, speedscope; ends with a NULL name. */
extern const struct report_format report_formats[];

/** The format of that name, or NULL. */
const struct report_format *report_find_format(const char *name);

/**
 * The measure that a report of this profile shows unless told otherwise: END for an out-of-memory,
 * else PEAK.
 */
enum measure report_default_measure(const struct profile *profile);

/**
 * One sentence without full stop for people: "exited with status 0", "killed by signal 11
 * (SIGSEGV)", ...
 */
int report_verdict_sentence(FILE *out, const struct profile *profile);

/**
 * Lines of a short summary for stderr (about five, each through line()): verdict, peak, largest
 * stacks' lines, children, what could not be recorded. Without prefix and newline.
 */
void report_summary(const struct profile *profile, void (*line)(void *context, const char *text),
		    void *context);

/**
 * How much RAM it needs, by its terms, and what to ask a cluster for; each line through line(),
 * without prefix and newline, safe for a terminal.
 */
void report_fit(const struct profile *profile, void (*line)(void *context, const char *text),
		void *context);

/**
 * What to cut so that it fits (options.budget_bytes, with_source), in lines as of report_fit; none
 * if there is neither a budget nor a broken ceiling. 0, or -1 with errno ENOMEM.
 */
int report_budget(const struct profile *profile, const struct report_options *options,
		  void (*line)(void *context, const char *text), void *context);

/**
 * Why two runs did not reach their limit at the same allocation: both numbers, and what differed,
 * in lines as of report_fit.
 */
void report_compare(const struct profile *one, const struct profile *other,
		    void (*line)(void *context, const char *text), void *context);

/** The same in one sentence without full stop, of two runs that have reached their limit. */
void report_compare_briefly(FILE *out, const struct profile *one, const struct profile *other);

/* The writers behind the table. */
int report_write_text(FILE *out, const struct profile *, const struct report_options *);
int report_write_folded(FILE *out, const struct profile *, const struct report_options *);
int report_write_svg(FILE *out, const struct profile *, const struct report_options *);
int report_write_html(FILE *out, const struct profile *, const struct report_options *);
int report_write_pprof(FILE *out, const struct profile *, const struct report_options *);
int report_write_speedscope(FILE *out, const struct profile *, const struct report_options *);

#endif
