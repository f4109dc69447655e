// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Why two runs of the same did not reach their limit at the same allocation. */
#include "core/profile/compare.h"
#include "core/report/line_sink.h"
#include "core/report/report.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <string.h>

/** Room for what write() of a difference says. */
#define DESCRIPTION_BYTES 160u

static void write_bytecode(FILE *out, const struct profile *profile)
{
	const struct conditions *conditions = &profile->conditions;
	fprintf(out, "%" PRIu32 " of %" PRIu32 " source files had to be compiled",
		conditions->sources_compiled, conditions->sources);
}

static void write_environment(FILE *out, const struct profile *profile)
{
	const struct conditions *conditions = &profile->conditions;
	fprintf(out, "%" PRIu32 " variables of %s bytes (hash %04" PRIx32 ")",
		conditions->variables, units_count(conditions->variables_bytes).text,
		conditions->variables_hash);
}

static void write_seed(FILE *out, const struct profile *profile)
{
	if (profile->conditions.flags & CONDITIONS_FIXED_SEED) {
		fprintf(out, "fixed (hash %04" PRIx32 ")", profile->conditions.seed_hash);
	} else {
		fputs("random", out);
	}
}

static void write_addresses(FILE *out, const struct profile *profile)
{
	fputs(profile->conditions.flags & CONDITIONS_FIXED_ADDRESSES ? "fixed" : "random", out);
}

static void write_threads(FILE *out, const struct profile *profile)
{
	fprintf(out, "%" PRIu32, compare_threads(profile));
}

static void write_tool(FILE *out, const struct profile *profile)
{
	fputs(profile_string(profile, profile->tool_version), out);
}

static void write_version(FILE *out, const struct profile *profile)
{
	uint32_t version = profile->process_count ? profile->processes[0].python_version : 0;
	if (version) {
		fprintf(out, "%u.%u.%u", version >> 24, version >> 16 & 0xff, version >> 8 & 0xff);
	} else {
		fputs("no Python", out);
	}
}

static void write_limit(FILE *out, const struct profile *profile)
{
	uint64_t bytes = profile->outcome.breach.limit_bytes;
	fputs(bytes ? units_bytes(bytes).text : "none", out);
}

/** By enum difference: what it is called, and what it was in a run; NULL: not to be told. */
static const struct {
	const char *name;
	void (*write)(FILE *out, const struct profile *profile);
} differences[DIFFERENCE_COUNT] = {
	[DIFFERENCE_COMMAND] = { "the command line", NULL },
	[DIFFERENCE_LIMIT] = { "the limit", write_limit },
	[DIFFERENCE_VERSION] = { "the version of Python", write_version },
	[DIFFERENCE_INTERPRETER] = { "the build of the interpreter", NULL },
	[DIFFERENCE_BYTECODE] = { "the bytecode cache", write_bytecode },
	[DIFFERENCE_ENVIRONMENT] = { "the environment", write_environment },
	[DIFFERENCE_SEED] = { "the hash seed", write_seed },
	[DIFFERENCE_ADDRESSES] = { "addresses", write_addresses },
	[DIFFERENCE_THREADS] = { "threads, whose order is left to chance", write_threads },
	[DIFFERENCE_TOOL] = { "the version of fil-profile", write_tool },
};

static void write_number(FILE *out, const struct profile *profile)
{
	struct moment_number number = compare_number(profile);
	fprintf(out, number.is_breach ? "the limit was reached at allocation %s"
				      : "the limit was not reached, in %s allocations",
		units_count(number.allocation).text);
}

/** What it was in a run; "" if that is not to be told. */
static void describe(enum difference difference, const struct profile *profile, char *text,
		     size_t size)
{
	FILE *out = differences[difference].write ? fmemopen(text, size, "w") : NULL;
	text[0] = '\0';
	if (out) {
		differences[difference].write(out, profile);
		fclose(out);
	}
}

/** "the limit: 2.0 GiB; in the other 1.0 GiB" */
static void write_difference(FILE *out, const struct profile *one, const struct profile *other,
			     enum difference difference)
{
	char here[DESCRIPTION_BYTES];
	char there[DESCRIPTION_BYTES];
	describe(difference, one, here, sizeof(here));
	describe(difference, other, there, sizeof(there));
	fputs(differences[difference].name, out);
	if (here[0] && strcmp(here, there) == 0) {
		fprintf(out, ": %s in both", here);
	} else if (here[0]) {
		fprintf(out, ": %s; in the other %s", here, there);
	}
}

static void write_line(struct line_sink *sink, const struct profile *one,
		       const struct profile *other, enum difference difference)
{
	FILE *out = line_begin(sink);
	if (out) {
		fputs("  ", out);
		write_difference(out, one, other, difference);
		line_end(sink, out);
	}
}

/** The line above the differences, and what to make of it that there are none. */
static void write_heading(struct line_sink *sink, const struct profile *one,
			  const struct profile *other, bool differs)
{
	FILE *out = line_begin(sink);
	if (!out) {
		return;
	}
	if (!compare_is_possible(one, other)) {
		fputs("one of them does not tell its conditions: an older fil-profile made it",
		      out);
	} else if (differs) {
		fputs("what differed, or was left to chance:", out);
	} else {
		fputs("nothing differed of what is known to move that number", out);
	}
	line_end(sink, out);
}

static void write_number_line(struct line_sink *sink, const char *which,
			      const struct profile *profile)
{
	FILE *out = line_begin(sink);
	if (out) {
		fputs(which, out);
		write_number(out, profile);
		line_end(sink, out);
	}
}

static bool any_differs(const struct profile *one, const struct profile *other)
{
	bool any = false;
	for (int i = 0; i < DIFFERENCE_COUNT; i++) {
		any |= compare_differs(one, other, (enum difference)i);
	}
	return any;
}

void report_compare(const struct profile *one, const struct profile *other,
		    void (*line)(void *context, const char *text), void *context)
{
	struct line_sink sink = { .line = line, .context = context };
	write_number_line(&sink, "this run:  ", one);
	write_number_line(&sink, "the other: ", other);
	write_heading(&sink, one, other, any_differs(one, other));
	for (int i = 0; compare_is_possible(one, other) && i < DIFFERENCE_COUNT; i++) {
		if (compare_differs(one, other, (enum difference)i)) {
			write_line(&sink, one, other, (enum difference)i);
		}
	}
}

void report_compare_briefly(FILE *out, const struct profile *one, const struct profile *other)
{
	const char *separator = "";
	fprintf(out, "allocation %s, not %s; ", units_count(compare_number(one).allocation).text,
		units_count(compare_number(other).allocation).text);
	if (!compare_is_possible(one, other) || !any_differs(one, other)) {
		fputs("nothing differed of what is known to move it", out);
		return;
	}
	fputs("what differed: ", out);
	for (int i = 0; i < DIFFERENCE_COUNT; i++) {
		if (compare_differs(one, other, (enum difference)i)) {
			fprintf(out, "%s%s", separator, differences[i].name);
			separator = ", ";
		}
	}
}
