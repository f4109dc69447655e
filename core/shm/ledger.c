// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/ledger.h"

/** Sums that are made before one is taken that fell into a fold: it takes some stores. */
#define SUM_TRIES 16

bool ledger_reach(struct segment_view *view, uint32_t number, uint32_t k)
{
	const uint32_t per = EXTENT_BYTES / sizeof(struct entry);
	/* All of the extent at once: the next entries are asked for next. */
	return view_reach_shared(view, ARENA_LEDGER + number, k - k % per + per - 1);
}

void ledger_fold(struct ledger *ledger, uint32_t number, struct intent *intent,
		 struct totals *totals)
{
	store_relaxed(&ledger->is_open, 0);
	*intent = (struct intent){
		.entry = number,
		.address = ledger->totals.allocations,
		.bytes = ledger->totals.live_bytes - LEDGER_NOTHING,
		.entry_live_before = totals->allocations,
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
}

/** False if one of them was just being folded: it may be in the sum twice, or not at all. */
static bool sum_up(const struct segment_header *header, struct totals *ret_sum)
{
	bool is_whole = true;
	*ret_sum = header->totals;
	for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
		const struct ledger *ledger = &header->ledger[i];
		uint64_t bytes = load_relaxed(&ledger->totals.live_bytes);
		ledger_add_to(ledger, ret_sum);
		is_whole &= bytes == 0 || bytes == LEDGER_NOTHING || load_relaxed(&ledger->is_open);
	}
	return is_whole && (int64_t)ret_sum->live_bytes >= 0;
}

struct totals ledger_sum(const struct segment_header *header)
{
	struct totals sum;
	for (int i = 0; !sum_up(header, &sum) && i < SUM_TRIES; i++) {
		cpu_relax();
	}
	if ((int64_t)sum.live_bytes < 0) {
		sum.live_bytes = 0;
	}
	return sum;
}
