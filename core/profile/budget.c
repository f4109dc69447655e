// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/budget.h"

#include "core/base/saturate.h"
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
		.excess_bytes = saturated_difference(taken, breach->limit_bytes),
		/* The other metrics count it as if it were used. */
		.untouched_bytes =
			breach->metric == CEILING_RESIDENT ? gap_untouched(outcome) : 0,
	};
	return true;
}

bool budget_of_size(const struct outcome *outcome, uint64_t size_bytes, struct budget *ret)
{
	uint64_t taken = gap_charge(outcome);
	if (taken == 0) {
		return false;
	}
	*ret = (struct budget){
		.limit_bytes = size_bytes,
		.taken_bytes = taken,
		.excess_bytes = saturated_difference(taken, size_bytes),
		.untouched_bytes = gap_untouched(outcome),
	};
	return true;
}

int budget_find_cut(const struct profile *profile, enum measure of, const struct budget *budget,
		    struct budget_cut *ret)
{
	uint32_t all;
	struct budget_cut cut = { .sites = sites_collect(profile, of, &all) };
	if (!cut.sites) {
		return -1;
	}
	uint64_t needed = budget->excess_bytes
		? saturated_sum(budget->excess_bytes, budget->untouched_bytes)
		: 0;
	for (uint32_t i = 0; i < all; i++) {
		uint64_t bytes = cut.sites[i].bytes;
		cut.tracked_bytes = saturated_sum(cut.tracked_bytes, bytes);
		if (cut.bytes < needed) {
			cut.last_bytes = needed - cut.bytes < bytes ? needed - cut.bytes : bytes;
			cut.bytes = saturated_sum(cut.bytes, bytes);
			cut.count++;
		}
	}
	cut.missing_bytes = saturated_difference(needed, cut.bytes);
	*ret = cut;
	return 0;
}

void budget_cut_done(struct budget_cut *cut)
{
	free(cut->sites);
	*cut = (struct budget_cut){ 0 };
}
