// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/gap.h"

#include "core/base/saturate.h"

uint64_t gap_charge(const struct outcome *outcome)
{
	const struct charge *charge = &outcome->charge;
	uint64_t sum = saturated_sum(charge->anonymous_bytes, charge->shared_bytes);
	return saturated_sum(sum, saturated_sum(charge->page_table_bytes, charge->kernel_bytes));
}

struct gap gap_of(const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	const struct charge *charge = &outcome->charge;
	struct gap gap = { .charge = gap_charge(outcome) };
	if (!gap_is_known(&gap)) {
		return gap;
	}
	gap.tracked = outcome->charge_tracked_bytes;
	gap.untracked = saturated_difference(charge->anonymous_bytes, gap.tracked);
	gap.untouched = saturated_difference(gap.tracked, charge->anonymous_bytes);
	gap.shared = charge->shared_bytes;
	gap.file = outcome->charge_file_bytes;
	gap.segment = profile->segment_bytes;
	gap.page_table = charge->page_table_bytes;
	gap.kernel = charge->kernel_bytes;
	gap.resident = saturated_sum(saturated_sum(charge->anonymous_bytes, gap.shared),
				     saturated_sum(gap.file, gap.segment));
	gap.counted = saturated_sum(gap.resident, saturated_sum(gap.page_table, gap.kernel));
	return gap;
}
