// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Ledgers: opening, and folding what they have into the totals. The rules stand at struct ledger.
 *
 * Opening and folding under the slot's lock and the ledger's. In an open ledger operations are
 * account_add and account_remove with its totals, its intent and its accounts, under its lock.
 */
#ifndef CORE_SHM_LEDGER_H
#define CORE_SHM_LEDGER_H

#include "core/shm/account.h"
#include "core/shm/view.h"

attr_inline struct ledger *view_ledger(const struct segment_view *view, uint32_t number)
{
	return &view->header->ledger[number];
}

/** What the ledger has of entry k, which it has reached (ledger_has). */
attr_inline struct entry *view_ledger_entry(const struct segment_view *view, uint32_t number,
					    uint32_t k)
{
	return view_account(view, ARENA_LEDGER + number, k);
}

/** True if the ledger has room for what it will have of entry k. */
attr_inline bool ledger_has(const struct segment_view *view, uint32_t number, uint32_t k)
{
	/* Pairs with the store in ledger_reach: then the extent is in place, too. */
	return k < load_acquire(&view->header->arena[ARENA_LEDGER + number].used);
}

/** Make room for entry k. Under the slot's lock. False: no space. */
bool ledger_reach(struct segment_view *view, uint32_t number, uint32_t k);

/** What each of count ledgers may take on before there can be a new peak. */
attr_inline uint64_t ledger_credit(const struct totals *totals, uint32_t count)
{
	return totals->live_bytes < totals->peak_bytes
		? (totals->peak_bytes - totals->live_bytes) / count
		: 0;
}

/** Let threads use it. */
attr_inline void ledger_open(struct ledger *ledger, const struct totals *totals, uint64_t credit)
{
	/* One by one: zeroed as a whole, it would for a moment be one that was never opened. It has
	   no blocks and no allocations: it is folded, or new. */
	ledger->totals.peak_bytes = LEDGER_NOTHING + credit;
	ledger->totals.epoch = totals->epoch;
	store_relaxed(&ledger->totals.live_bytes, LEDGER_NOTHING);
	store_release(&ledger->is_open, 1);
}

/** True if bytes more stay within its credit. */
attr_inline bool ledger_affords(const struct ledger *ledger, uint64_t bytes)
{
	return bytes <= ledger->totals.peak_bytes - ledger->totals.live_bytes;
}

/**
 * Move what ledger number has into the totals, and let nobody use it: from the start, so that also
 * after a fold that its thread does not end nobody does, until it is undone and made again.
 */
void ledger_fold(struct ledger *ledger, uint32_t number, struct intent *intent,
		 struct totals *totals);

/** Undo a fold that its intent says was under way: in copies, or in place. */
static inline void ledger_repair_fold(const struct intent *intent, struct ledger *ledger,
				      struct totals *totals)
{
	totals->live_bytes = intent->total_live_before;
	totals->live_blocks = intent->total_blocks_before;
	totals->allocations = intent->entry_live_before;
	ledger->totals.live_bytes = LEDGER_NOTHING + intent->bytes;
	ledger->totals.live_blocks = intent->blocks_before;
	ledger->totals.allocations = intent->address;
}

/** Add what the ledger has to copies of the totals. What was never opened has nothing. */
attr_inline void ledger_add_to(const struct ledger *ledger, struct totals *totals)
{
	if (ledger->totals.live_bytes) {
		totals->live_bytes += ledger->totals.live_bytes - LEDGER_NOTHING;
		totals->live_blocks += ledger->totals.live_blocks;
		totals->allocations += ledger->totals.allocations;
	}
}

/**
 * The totals with what ledgers have, for who looks on from outside, without a lock. While threads
 * run it is of slightly different nows, but never less than nothing is live.
 */
struct totals ledger_sum(const struct segment_header *header);

#endif
