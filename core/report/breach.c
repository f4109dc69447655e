// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/breach.h"

#include "core/base/saturate.h"
#include "core/report/units.h"

#include <inttypes.h>

bool breach_happened(const struct outcome *outcome)
{
	return outcome->breach.trigger != BREACH_NONE;
}

static const char *metric_words(uint32_t metric)
{
	switch (metric) {
	case CEILING_RESIDENT:
		return " of resident memory, as containers count it";
	case CEILING_ALLOCATED:
		return " of memory that was asked for, used or not";
	case CEILING_ADDRESS_SPACE:
		return " of address space";
	default:
		return "";
	}
}

static const char *trigger_words(uint32_t trigger)
{
	switch (trigger) {
	case BREACH_ALLOCATION:
		return "in the program, when it asked for memory";
	case BREACH_FREE:
		return "in the program, when it was about to give memory back";
	case BREACH_FAULT:
		return "by the counter of page faults, when memory was touched";
	case BREACH_POLL:
		return "from outside, by fil-profile, which looks now and then";
	case BREACH_REFUSED:
		return "by the kernel, which refused address space";
	default:
		return "";
	}
}

void breach_write_limit(FILE *out, const struct outcome *outcome)
{
	const struct breach *breach = &outcome->breach;
	if (breach->limit_bytes) {
		fprintf(out, "%s%s%s", units_bytes(breach->limit_bytes).text,
			metric_words(breach->metric),
			breach_happened(outcome) ? "" : "; it was not reached");
	}
}

/** "it had 399.0 MiB and asked for 2.0 MiB: 1.0 MiB too much; seen ..." */
static void write_crossing(FILE *out, const struct breach *breach)
{
	uint64_t taken = saturated_sum(breach->charge_bytes, breach->asked_bytes);
	uint64_t over = saturated_difference(taken, breach->limit_bytes);
	fprintf(out, "it had %s", units_bytes(breach->charge_bytes).text);
	if (breach->asked_bytes) {
		fprintf(out, " and asked for %s more", units_bytes(breach->asked_bytes).text);
	}
	if (over) {
		fprintf(out, ", %s too much", units_bytes(over).text);
	}
	fprintf(out, "; seen %s", trigger_words(breach->trigger));
}

void breach_write(FILE *out, const struct outcome *outcome)
{
	const struct breach *breach = &outcome->breach;
	if (!breach_happened(outcome)) {
		return;
	}
	if (breach->trigger == BREACH_NUMBER) {
		fprintf(out, "--fail-at let an allocation of %s fail",
			units_bytes(breach->asked_bytes).text);
	} else {
		write_crossing(out, breach);
	}
	if (breach->allocation) {
		fprintf(out, ", at allocation number %s", units_count(breach->allocation).text);
	}
	if (breach->tid) {
		fprintf(out, ", in thread %" PRIu32, breach->tid);
	}
	if (breach->refusals) {
		fprintf(out, "; %s allocation%s refused in all", units_count(breach->refusals).text,
			breach->refusals == 1 ? " was" : "s were");
	}
}

void breach_write_title(FILE *out, const struct outcome *outcome)
{
	const struct breach *breach = &outcome->breach;
	if (breach->trigger == BREACH_NUMBER) {
		fprintf(out, "Where the allocation number %s was to fail",
			units_count(breach->allocation).text);
	} else if (breach->asked_bytes) {
		fprintf(out, "Where it asked for %s (%s bytes) when the limit was reached",
			units_bytes(breach->asked_bytes).text,
			units_count(breach->asked_bytes).text);
	} else {
		fputs("Where it was when the limit was reached", out);
	}
}
