// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/repair.h"

bool repair_is_needed(const struct intent *intent)
{
	return intent->op == INTENT_ADD || intent->op == INTENT_REMOVE;
}

/** value is what it was before the operation, or what the operation makes of it. */
static bool follows(const struct intent *intent, uint64_t value, uint64_t before, uint64_t delta)
{
	return value == before || value == (intent->op == INTENT_ADD ? before + delta : before - delta);
}

bool repair_undo(const struct intent *intent, struct entry *entry, struct totals *totals)
{
	if (!follows(intent, entry->live_bytes, intent->entry_live_before, intent->bytes)
	    || !follows(intent, entry->live_blocks, intent->blocks_before, 1)
	    || !follows(intent, totals->live_bytes, intent->total_live_before, intent->bytes)
	    || !follows(intent, totals->live_blocks, intent->total_blocks_before, 1)) {
		return false;
	}
	entry->live_bytes = intent->entry_live_before;
	entry->live_blocks = intent->blocks_before;
	totals->live_bytes = intent->total_live_before;
	totals->live_blocks = intent->total_blocks_before;
	return true;
}

bool peak_is_now(const struct totals *totals, bool removal_under_way)
{
	return totals->live_bytes > totals->peak_bytes
		|| (removal_under_way && totals->live_bytes == totals->peak_bytes);
}

void entry_peak_share(const struct entry *entry, const struct totals *totals, bool peak_is_now,
		      uint64_t *ret_bytes, uint64_t *ret_blocks)
{
	bool changed_since = !peak_is_now && entry->snap_epoch == totals->epoch;
	*ret_bytes = changed_since ? entry->snap_bytes : entry->live_bytes;
	*ret_blocks = changed_since ? entry->snap_blocks : entry->live_blocks;
}
