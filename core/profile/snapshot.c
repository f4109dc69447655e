// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/snapshot.h"

#include "core/profile/repair.h"
#include "core/shm/ledger.h"

#include <stdlib.h>
#include <string.h>

/** Times that everything is read of a running workload, and that one entry is. */
#define SNAPSHOT_TRIES 8
#define ENTRY_TRIES 16

const struct entry *snapshot_entry(const struct snapshot *snapshot, uint64_t k)
{
	return arena_element(&snapshot->entries, k);
}

/** The same for writing: the extents are our own copy. */
static struct entry *writable(const struct arena_copy *entries, uint64_t k)
{
	return (struct entry *)arena_element(entries, k);
}

void snapshot_add(struct snapshot *snapshot, uint32_t k, uint64_t bytes)
{
	struct entry *entry = writable(&snapshot->entries, k);
	if (entry) {
		account_snap(entry, snapshot->totals.epoch);
		entry->live_bytes += bytes;
		entry->total_bytes += bytes;
		snapshot->totals.live_bytes += bytes;
	}
}

void snapshot_done(struct snapshot *snapshot)
{
	arena_done(&snapshot->entries);
}

/**
 * True if two reads of an entry show that the first was not torn where it matters: what it says of
 * the peak is final once snap_epoch is the peak's, and its live bytes count only before that.
 */
static bool entry_is_settled(const struct entry *a, const struct entry *b, uint64_t epoch)
{
	return a->snap_epoch == b->snap_epoch && a->snap_bytes == b->snap_bytes
		&& a->snap_blocks == b->snap_blocks
		&& (b->snap_epoch == epoch
		    || (a->live_bytes == b->live_bytes && a->live_blocks == b->live_blocks));
}

static struct snapshot empty(enum snapshot_of of)
{
	return (struct snapshot){ .of = of };
}

static enum shared_arena arena_of(const struct snapshot *snapshot)
{
	return snapshot->of == SNAPSHOT_SCOPE ? ARENA_SCOPE : ARENA_ENTRY;
}

static const struct intent *intent_of(const struct snapshot *snapshot, const struct slot *slot)
{
	return snapshot->of == SNAPSHOT_SCOPE ? &slot->scope_intent : &slot->intent;
}

static int read_totals(const struct segment_reader *reader, struct snapshot *snapshot)
{
	return snapshot->of == SNAPSHOT_SCOPE ? reader_scope_totals(reader, &snapshot->totals)
					      : reader_totals(reader, &snapshot->totals);
}

/** Read what an arena has of entry k until two reads agree. */
static int settle_entry(const struct segment_reader *reader, enum shared_arena which,
			uint64_t epoch, uint64_t k, struct entry *entry)
{
	uint64_t offset = reader_element_offset(reader, which, k);
	for (int i = 0; offset && i < ENTRY_TRIES; i++) {
		struct entry again;
		if (reader_read(reader, offset, &again, sizeof(again))) {
			return -1;
		}
		bool settled = entry_is_settled(entry, &again, epoch);
		*entry = again;
		if (settled) {
			break;
		}
	}
	return 0;
}

/** Read an arena a second time and settle those entries that have changed. */
static int settle_entries(const struct segment_reader *reader, enum shared_arena which,
			  uint64_t epoch, struct arena_copy *entries)
{
	struct arena_copy second;
	int result = reader_copy_shared(reader, which, &second);
	for (uint64_t k = 1; result == 0 && k < entries->used; k++) {
		struct entry *entry = writable(entries, k);
		const struct entry *again = arena_element(&second, k);
		if (entry && again && memcmp(entry, again, sizeof(*entry)) != 0) {
			*entry = *again;
			result = settle_entry(reader, which, epoch, k, entry);
		}
	}
	arena_done(&second);
	return result;
}

/** Copy an arena of entries. 0, or -1 with errno; arena_done in any case. */
static int read_entries(const struct segment_reader *reader, enum shared_arena which,
			uint64_t epoch, bool running, struct arena_copy *entries)
{
	if (reader_copy_shared(reader, which, entries)) {
		return -1;
	}
	return running ? settle_entries(reader, which, epoch, entries) : 0;
}

/** How far the shares are from adding up to the peak. */
static uint64_t snapshot_error(const struct snapshot *snapshot)
{
	uint64_t peak = totals_peak(&snapshot->totals);
	uint64_t sum = 0;
	for (uint64_t k = 1; k < snapshot->entries.used; k++) {
		const struct entry *entry = snapshot_entry(snapshot, k);
		uint64_t bytes, blocks;
		if (entry) {
			entry_peak_share(entry, &snapshot->totals, &bytes, &blocks);
			sum += bytes;
		}
	}
	return sum > peak ? sum - peak : peak - sum;
}

static int read_once(struct segment_reader *reader, bool running, struct snapshot *snapshot)
{
	if (reader_refresh(reader) || read_totals(reader, snapshot)) {
		return -1;
	}
	return read_entries(reader, arena_of(snapshot), snapshot->totals.epoch, running,
			    &snapshot->entries);
}

/** Add what a ledger has of an entry, with its share of the peak. */
static void add_account(struct entry *entry, const struct entry *more, const struct totals *totals)
{
	uint64_t bytes, more_bytes, blocks, more_blocks;
	entry_peak_share(entry, totals, &bytes, &blocks);
	entry_peak_share(more, totals, &more_bytes, &more_blocks);
	entry->snap_bytes = bytes + more_bytes;
	entry->snap_blocks = (uint32_t)(blocks + more_blocks);
	entry->snap_epoch = totals->epoch;
	entry->live_bytes += more->live_bytes;
	entry->live_blocks += more->live_blocks;
	entry->total_bytes += more->total_bytes;
	entry->total_blocks += more->total_blocks;
}

/** Take back an operation that was under way, in copies of its entries and totals. */
static void take_back(struct snapshot *snapshot, const struct intent *intent,
		      const struct arena_copy *entries, struct totals *totals)
{
	if (repair_is_needed(intent)) {
		struct entry *entry = writable(entries, intent->entry);
		snapshot->repaired_operations++;
		if (entry) {
			repair_undo(intent, entry, totals);
		}
	}
}

/** Add what ledger number i has. totals: those of all together. */
static int add_ledger(const struct segment_reader *reader, uint32_t i, bool running,
		      const struct totals *totals, struct snapshot *snapshot)
{
	struct ledger ledger = reader->header.ledger[i];
	struct arena_copy entries;
	int result = read_entries(reader, ARENA_LEDGER + i, totals->epoch, running, &entries);
	if (result == 0 && !running) {
		take_back(snapshot, &ledger.intent, &entries, &ledger.totals);
	}
	for (uint64_t k = 1; result == 0 && k < entries.used; k++) {
		struct entry *entry = writable(&snapshot->entries, k);
		const struct entry *more = arena_element(&entries, k);
		if (entry && more && (more->total_blocks | more->live_bytes | more->snap_epoch)) {
			add_account(entry, more, totals);
		}
	}
	ledger_add_to(&ledger, &snapshot->totals);
	arena_done(&entries);
	return result;
}

static int add_ledgers(const struct segment_reader *reader, bool running,
		       struct snapshot *snapshot)
{
	/* With the ledgers: when not all are folded, the rest may be less than nothing. */
	struct totals totals = snapshot->totals;
	int result = 0;
	for (uint32_t i = 0; snapshot->of == SNAPSHOT_RUN && i < LEDGER_COUNT; i++) {
		ledger_add_to(&reader->header.ledger[i], &totals);
	}
	for (uint32_t i = 0; result == 0 && snapshot->of == SNAPSHOT_RUN && i < LEDGER_COUNT; i++) {
		if (reader->header.ledger[i].totals.live_bytes) {
			result = add_ledger(reader, i, running, &totals, snapshot);
		}
	}
	return result;
}

/** Of a running workload: the first reading that adds up, or the one that is nearest to it. */
static int take_running(struct segment_reader *reader, struct snapshot *snapshot)
{
	uint64_t best_error = UINT64_MAX;
	for (int i = 0; i < SNAPSHOT_TRIES && best_error != 0; i++) {
		struct snapshot next = empty(snapshot->of);
		if (read_once(reader, true, &next) || add_ledgers(reader, true, &next)) {
			snapshot_done(&next);
			return -1;
		}
		uint64_t error = snapshot_error(&next);
		if (i == 0 || error < best_error) {
			snapshot_done(snapshot);
			*snapshot = next;
			best_error = error;
		} else {
			snapshot_done(&next);
		}
	}
	return 0;
}

/** Take back what the process of a slot was in the middle of. */
static int repair_slot(struct segment_reader *reader, uint32_t number, struct snapshot *snapshot)
{
	struct slot slot;
	if (reader_slot(reader, number, &slot)) {
		return -1;
	}
	const struct intent *intent = intent_of(snapshot, &slot);
	take_back(snapshot, intent, &snapshot->entries, &snapshot->totals);
	if (intent->op == INTENT_FOLD && intent->entry < LEDGER_COUNT) {
		ledger_repair_fold(intent, &reader->header.ledger[intent->entry],
				   &snapshot->totals);
	}
	return 0;
}

static int take_dead(struct segment_reader *reader, struct snapshot *snapshot)
{
	if (read_once(reader, false, snapshot)) {
		return -1;
	}
	for (uint32_t i = 0; i < reader_slot_count(reader); i++) {
		if (repair_slot(reader, i, snapshot)) {
			return -1;
		}
	}
	return add_ledgers(reader, false, snapshot);
}

int snapshot_take(struct segment_reader *reader, enum snapshot_of of, bool running,
		  struct snapshot *snapshot)
{
	*snapshot = empty(of);
	return running ? take_running(reader, snapshot) : take_dead(reader, snapshot);
}
