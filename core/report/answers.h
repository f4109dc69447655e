// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What to cut, how much RAM it needs, and why htop shows another number: the rows and sentences
 * that all reports share. Of what comes from the workload nothing is in them.
 */
#ifndef CORE_REPORT_ANSWERS_H
#define CORE_REPORT_ANSWERS_H

#include "core/profile/budget.h"
#include "core/profile/fit.h"
#include "core/profile/profile.h"
#include "core/report/line_sink.h"
#include "core/report/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** A row of a sum: adding and subtracting the rows above, '=' rows left out, gives a '=' row. */
struct sum_row {
	/** ' ' (the first), '+', '-', '='; '<' for a part of the '=' row above. */
	char sign;
	uint64_t bytes;
	const char *name;
	char meaning[64];
};

#define SUM_ROWS_MAX 12u

/** Call sites that a report lists of a cut, unless those left out would be one. */
#define CUT_SITES_MAX 20u

struct sum {
	struct sum_row rows[SUM_ROWS_MAX];
	uint32_t count;
};

/** A part of a program needs no RAM of its own, nor is there a kernel that counts it. */
static inline bool answers_is_part(const struct profile *profile)
{
	return profile->outcome.verdict == VERDICT_PART;
}

/** From what is tracked to what the kernel counts; no rows if that is not known. */
struct sum answers_gap(const struct profile *profile);

/** The terms of the need, their sum, the margin; no rows if it is not known. */
struct sum answers_fit(const struct fit *fit);

/** The rows as lines: sign, size, exact bytes, name, meaning. */
void answers_sum_lines(const struct sum *sum, struct line_sink *sink);

/* Sentences without full stop. */

/** How much RAM it needs. */
void answers_write_fit(FILE *out, const struct fit *fit);

/** "resources: {requests: {memory: 512Mi}, limits: {memory: 576Mi}}": YAML; of a known fit. */
void answers_write_kubernetes(FILE *out, const struct fit *fit);

/** By which rule. */
void answers_write_kubernetes_rule(FILE *out);

/**
 * What it is to fit into: options.budget_bytes, else the ceiling that was broken. False if there
 * is neither or it is not known what it took.
 */
bool answers_budget(const struct profile *profile, const struct report_options *options,
		    struct budget *ret);

/** That it is not known whether it fits. */
void answers_write_budget_unknown(FILE *out, uint64_t budget_bytes);

/** What has to go and whether the sites are enough; of a budget that was asked for, or broken. */
void answers_write_budget(FILE *out, const struct budget *budget, const struct budget_cut *cut);

/** What else is to be known about the cut, a line each; none if there is nothing. */
void answers_budget_notes(const struct budget *budget, const struct budget_cut *cut,
			  struct line_sink *sink);

/** Sites of a cut that are listed. */
uint32_t answers_cut_shown(const struct budget_cut *cut);

#endif
