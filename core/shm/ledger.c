// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/ledger.h"

bool ledger_reach(struct segment_view *view, uint32_t number, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct entry);
	/* All of the extent at once: the next entries are asked for next. */
	return view_reach_shared(view, ARENA_LEDGER + number, k - k % per + per - 1);
}

void ledger_fold(struct ledger *ledger, uint32_t number, struct intent *intent,
		 struct totals *totals)
{
	*intent = (struct intent){
		.entry = number,
		.bytes = ledger->totals.live_bytes - LEDGER_NOTHING,
		.blocks_before = ledger->totals.live_blocks,
		.total_live_before = totals->live_bytes,
		.total_blocks_before = totals->live_blocks,
	};
	barrier_compiler();
	intent->op = INTENT_FOLD;
	barrier_compiler();
	ledger_add_to(ledger, totals);
	ledger->totals.live_bytes = LEDGER_NOTHING;
	ledger->totals.live_blocks = 0;
	ledger->totals.allocations = 0;
	account_done(intent);
	store_release(&ledger->is_open, 0);
}
