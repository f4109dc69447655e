// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/fit.h"

#include "core/base/saturate.h"
#include "core/profile/gap.h"

#define MIB ((uint64_t)1 << 20)
/** No machine has more; all that is added to it below stays in range. */
#define NEED_MAX ((uint64_t)1 << 62)

/** A run that was stopped tells nothing about what would have come after. */
static bool is_incomplete(const struct outcome *outcome)
{
	const struct breach *breach = &outcome->breach;
	bool refused = breach->trigger != BREACH_NONE && breach->action == CEILING_ENOMEM;
	return outcome->verdict != VERDICT_EXITED || refused;
}

/** What a ceiling of RAM stopped, beyond the highest charge, would have been needed, too. */
static uint64_t pending_bytes(const struct outcome *outcome)
{
	const struct breach *breach = &outcome->breach;
	if (breach->trigger == BREACH_NONE || breach->metric != CEILING_RESIDENT
	    || !is_incomplete(outcome)) {
		return 0;
	}
	return saturated_difference(saturated_sum(breach->charge_bytes, breach->asked_bytes),
				    gap_charge(outcome));
}

/** The most file pages that were seen at any time. */
static uint64_t highest_file_bytes(const struct profile *profile)
{
	uint64_t highest = profile->outcome.charge_file_bytes;
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		uint64_t bytes = profile->samples[i].file_bytes;
		highest = bytes > highest ? bytes : highest;
	}
	return highest;
}

/**
 * A peak that nobody looked at. Whatever of the kernel's mark may have been pages of files or our
 * segment is left out, so that it is no guess. Not after a breach: the charge is of that moment.
 */
static uint64_t unseen_bytes(const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	const struct charge *charge = &outcome->charge;
	uint64_t not_charged = saturated_sum(highest_file_bytes(profile), profile->segment_bytes);
	uint64_t seen = saturated_sum(charge->anonymous_bytes, charge->shared_bytes);
	return outcome->breach.trigger == BREACH_NONE
		? saturated_difference(outcome->max_rss_bytes, saturated_sum(not_charged, seen))
		: 0;
}

/** A power of two of MiB of which bytes has 16 to 32; one MiB for less. */
static uint64_t step_of(uint64_t bytes)
{
	uint64_t step = MIB;
	while (step * 32 < bytes) {
		step *= 2;
	}
	return step;
}

static uint64_t round_up(uint64_t bytes, uint64_t step)
{
	return (bytes + step - 1) / step * step;
}

static uint64_t margin_of(uint64_t need)
{
	uint64_t margin = need / 100 * FIT_MARGIN_PERCENT;
	return margin > FIT_MARGIN_MIN_BYTES ? margin : FIT_MARGIN_MIN_BYTES;
}

struct fit fit_of(const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	struct fit fit = { .at_least = is_incomplete(outcome) };
	if (gap_charge(outcome) == 0) {
		return fit;
	}
	fit.charge = outcome->charge;
	fit.unseen = unseen_bytes(profile);
	fit.pending = pending_bytes(outcome);
	fit.need = saturated_sum(gap_charge(outcome), saturated_sum(fit.unseen, fit.pending));
	fit.need = fit.need < NEED_MAX ? fit.need : NEED_MAX;
	fit.margin = margin_of(fit.need);
	uint64_t step = step_of(fit.need + fit.margin);
	fit.request = round_up(fit.need + fit.margin, step);
	fit.limit = round_up(fit.request + fit.request / FIT_HEADROOM_DIVISOR, step);
	return fit;
}
