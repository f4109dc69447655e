// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/repair.h"

#include "core/shm/account.h"

bool repair_is_needed(const struct intent *intent)
{
	return intent->op == INTENT_ADD || intent->op == INTENT_REMOVE;
}

/** value is what it was before the operation, or what the operation makes of it. */
static bool bytes_follow(const struct intent *intent, uint64_t value, uint64_t before)
{
	uint64_t after = intent->op == INTENT_ADD ? before + intent->bytes : before - intent->bytes;
	return value == before || value == after;
}

/** An operation adds or removes a block, or a part of one, which may leave two. */
static bool blocks_follow(uint64_t value, uint64_t before)
{
	return value + 1 - before <= 2;
}

/** The same of an entry: modulo 2^32, where a ledger's part of it may pass zero. */
static bool entry_blocks_follow(uint32_t value, uint32_t before)
{
	return value + 1 - before <= 2;
}

bool repair_undo(const struct intent *intent, struct entry *entry, struct totals *totals)
{
	if (!bytes_follow(intent, entry->live_bytes, intent->entry_live_before)
	    || !entry_blocks_follow(entry->live_blocks, (uint32_t)intent->blocks_before)
	    || !bytes_follow(intent, totals->live_bytes, intent->total_live_before)
	    || !blocks_follow(totals->live_blocks, intent->total_blocks_before)) {
		return false;
	}
	return account_repair(intent, entry, totals);
}

uint64_t totals_peak(const struct totals *totals)
{
	return totals->live_bytes > totals->peak_bytes ? totals->live_bytes : totals->peak_bytes;
}

void entry_peak_share(const struct entry *entry, const struct totals *totals, uint64_t *ret_bytes,
		      uint64_t *ret_blocks)
{
	bool is_now = totals->live_bytes > totals->peak_bytes;
	bool changed_since = !is_now && entry->snap_epoch == totals->epoch;
	*ret_bytes = changed_since ? entry->snap_bytes : entry->live_bytes;
	*ret_blocks = changed_since ? entry->snap_blocks : entry->live_blocks;
}
