// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/budget.h"

#include "core/base/saturate.h"
#include "core/profile/fit.h"
#include "core/profile/gap.h"

#include <stdlib.h>

bool budget_of_breach(const struct outcome *outcome, struct budget *ret)
{
	const struct breach *breach = &outcome->breach;
	if (breach->trigger == BREACH_NONE || breach->limit_bytes == 0) {
		return false;
	}
	uint64_t taken = saturated_sum(breach->charge_bytes, breach->asked_bytes);
	*ret = (struct budget){
		.limit_bytes = breach->limit_bytes,
		.taken_bytes = taken,
		.at_least = true,
		.excess_bytes = saturated_difference(taken, breach->limit_bytes),
		/* The other metrics count what was never used, too. */
		.touched_bytes = breach->metric == CEILING_RESIDENT && gap_charge(outcome)
			? outcome->charge.anonymous_bytes
			: UINT64_MAX,
	};
	return true;
}

bool budget_of_size(const struct profile *profile, uint64_t size_bytes, struct budget *ret)
{
	struct fit fit = fit_of(profile);
	if (fit.need == 0) {
		return false;
	}
	*ret = (struct budget){
		.limit_bytes = size_bytes,
		.taken_bytes = fit.need,
		.at_least = fit.at_least,
		.excess_bytes = saturated_difference(fit.need, size_bytes),
		.touched_bytes = saturated_sum(fit.charge.anonymous_bytes, fit.unseen),
	};
	return true;
}

/** Take sites, which are in order, until they hold needed bytes. */
static void take_sites(struct budget_cut *cut, uint32_t all, uint64_t needed)
{
	while (cut->count < all && cut->bytes < needed) {
		uint64_t bytes = cut->sites[cut->count++].bytes;
		cut->last_bytes = needed - cut->bytes < bytes ? needed - cut->bytes : bytes;
		cut->bytes = saturated_sum(cut->bytes, bytes);
	}
	cut->missing_bytes = saturated_difference(needed, cut->bytes);
}

int budget_find_cut(const struct profile *profile, enum measure of, const struct budget *budget,
		    struct budget_cut *ret)
{
	uint32_t all;
	struct budget_cut cut = { .sites = sites_collect(profile, of, &all) };
	if (!cut.sites) {
		return -1;
	}
	for (uint32_t i = 0; i < all; i++) {
		cut.tracked_bytes = saturated_sum(cut.tracked_bytes, cut.sites[i].bytes);
	}
	cut.untouched_bytes = saturated_difference(cut.tracked_bytes, budget->touched_bytes);
	if (budget->excess_bytes) {
		take_sites(&cut, all, saturated_sum(budget->excess_bytes, cut.untouched_bytes));
	}
	*ret = cut;
	return 0;
}

void budget_cut_done(struct budget_cut *cut)
{
	free(cut->sites);
	*cut = (struct budget_cut){ 0 };
}
