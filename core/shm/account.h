// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The account: entries, totals and the exact peak in O(1) (the rule stands at struct entry).
 *
 * Every change is announced in an intent of the slot first, so that whoever reads the segment of a
 * process that was killed in the middle can finish or forget it (account_repair). Under the lock.
 */
#ifndef CORE_SHM_ACCOUNT_H
#define CORE_SHM_ACCOUNT_H

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/shm/segment.h"

#include <stdbool.h>

/** Save what the entry held at the current peak, if it has not changed since. */
attr_inline void account_snap(struct entry *entry, uint64_t epoch)
{
	if (entry->snap_epoch != epoch) {
		entry->snap_bytes = entry->live_bytes;
		entry->snap_blocks = entry->live_blocks;
		/* The snapshot before the epoch that makes it valid. */
		barrier_compiler();
		entry->snap_epoch = epoch;
	}
}

attr_inline void account_announce(struct intent *intent, enum intent_op op, uint32_t number,
				  const struct entry *entry, const struct totals *totals,
				  uint64_t address, uint64_t bytes)
{
	intent->entry = number;
	intent->address = address;
	intent->bytes = bytes;
	intent->entry_live_before = entry->live_bytes;
	intent->blocks_before = entry->live_blocks;
	intent->total_live_before = totals->live_bytes;
	intent->total_blocks_before = totals->live_blocks;
	barrier_compiler();
	intent->op = op;
	barrier_compiler();
}

/** An operation is complete, its block table included. */
attr_inline void account_done(struct intent *intent)
{
	barrier_compiler();
	intent->op = INTENT_NONE;
	/* What the next operation announces stays below this. */
	barrier_compiler();
}

/**
 * bytes more are live at the entry, in blocks (1) more. Announces; the caller calls account_done.
 */
attr_inline void account_add(struct intent *intent, struct totals *totals, struct entry *entry,
			     uint32_t number, uint64_t address, uint64_t bytes, int blocks)
{
	account_announce(intent, INTENT_ADD, number, entry, totals, address, bytes);
	account_snap(entry, totals->epoch);
	entry->live_bytes += bytes;
	entry->live_blocks += (uint32_t)blocks;
	entry->total_bytes += bytes;
	entry->total_blocks += blocks;
	totals->live_bytes += bytes;
	totals->live_blocks += blocks;
	totals->allocations += blocks;
}

/**
 * Before a decrease: if what is live now was never exceeded, it is the peak, and a new epoch
 * begins.
 */
attr_inline void account_mark_peak(struct totals *totals)
{
	if (unlikely(totals->live_bytes > totals->peak_bytes)) {
		/* Between these two stores every share is still live, and the sum is still the
		   peak: the epoch first would make old snapshots invalid, which is the same. */
		totals->epoch++;
		barrier_compiler();
		totals->peak_bytes = totals->live_bytes;
	}
}

/** The reverse of account_add; blocks is 0 for a part of a block, -1 for a part that leaves two. */
attr_inline void account_remove(struct intent *intent, struct totals *totals, struct entry *entry,
				uint32_t number, uint64_t address, uint64_t bytes, int blocks)
{
	account_mark_peak(totals);
	account_announce(intent, INTENT_REMOVE, number, entry, totals, address, bytes);
	account_snap(entry, totals->epoch);
	entry->live_bytes -= bytes;
	entry->live_blocks -= (uint32_t)blocks;
	totals->live_bytes -= bytes;
	totals->live_blocks -= blocks;
}

/** Like account_add for a block that was taken off and comes back: it is no new allocation. */
attr_inline void account_restore(struct intent *intent, struct totals *totals, struct entry *entry,
				 uint32_t number, uint64_t address, uint64_t bytes)
{
	account_announce(intent, INTENT_ADD, number, entry, totals, address, bytes);
	account_snap(entry, totals->epoch);
	entry->live_bytes += bytes;
	entry->live_blocks++;
	totals->live_bytes += bytes;
	totals->live_blocks++;
}

/** The entry has allocated nothing so far; its snapshots are of no peak any more. */
attr_inline void account_forget(struct entry *entry)
{
	/* Without a ledger's part it may be that blocks of no bytes were only freed. */
	if (entry->total_blocks | entry->live_bytes | entry->live_blocks) {
		entry->live_bytes = 0;
		entry->live_blocks = 0;
		entry->total_bytes = 0;
		entry->total_blocks = 0;
	}
}

/** The sums of entries that were all forgotten. */
attr_inline void account_begin_anew(struct totals *totals)
{
	totals->live_bytes = 0;
	totals->live_blocks = 0;
	totals->epoch++;
	totals->peak_bytes = 0;
}

/** The peak is what is live now. */
attr_inline void account_reset_peak(struct totals *totals)
{
	totals->epoch++;
	totals->peak_bytes = totals->live_bytes;
}

/**
 * Undo an operation that was under way when its process died, in copies or in place: entry and
 * totals are as before it. True if there was one. (Its block may be in the live table or not.)
 */
static inline bool account_repair(const struct intent *intent, struct entry *entry,
				  struct totals *totals)
{
	if (intent->op == INTENT_NONE) {
		return false;
	}
	entry->live_bytes = intent->entry_live_before;
	entry->live_blocks = (uint32_t)intent->blocks_before;
	totals->live_bytes = intent->total_live_before;
	totals->live_blocks = intent->total_blocks_before;
	return true;
}

#endif
