// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Ledgers against one account of everything: what a reader of the segment sees is the same,
 * whichever of them an operation was recorded in, and wherever a fold was interrupted.
 */
#include "core/shm/ledger.h"

#include "core/profile/repair.h"
#include "core/profile/snapshot.h"
#include "core/shm/intern.h"
#include "tests/unit/core/shm/fixture.h"

#define ENTRIES 20u
#define USED 3u
#define STEPS 20000

/** What one stack has, whoever records it. */
struct account {
	uint64_t live;
	uint64_t at_peak;
};

static int segment;
static struct segment_view view;
static struct account accounts[ENTRIES + 1];
static uint64_t live;
static uint64_t peak;
static unsigned seed = 7;

static unsigned next_random(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void begin(void)
{
	segment = fixture_segment();
	memset(&view, 0, sizeof(view));
	memset(accounts, 0, sizeof(accounts));
	live = 0;
	peak = 0;
	REQUIRE(view_open(&view, segment, 0));
	for (unsigned k = 1; k <= ENTRIES; k++) {
		uint32_t node = view_add_shared(&view, ARENA_NODE, 1);
		CHECK_INT(intern_entry(&view, node), k);
	}
	for (uint32_t i = 0; i < USED; i++) {
		CHECK(!ledger_has(&view, i, 1));
		CHECK(ledger_reach(&view, i, ENTRIES));
		CHECK(ledger_has(&view, i, ENTRIES));
	}
}

static void end(void)
{
	close(segment);
}

static struct totals *totals(void)
{
	return &view.header->totals;
}

static void fold_all(void)
{
	for (uint32_t i = 0; i < USED; i++) {
		ledger_fold(view_ledger(&view, i), i, &view.slot->intent, totals());
	}
}

static void open_all(void)
{
	uint64_t credit = ledger_credit(totals(), USED);
	for (uint32_t i = 0; i < USED; i++) {
		ledger_open(view_ledger(&view, i), totals(), credit);
	}
}

static void note(unsigned k, bool is_addition, uint64_t bytes)
{
	accounts[k].live += is_addition ? bytes : -bytes;
	live += is_addition ? bytes : -bytes;
	if (live > peak) {
		peak = live;
		for (unsigned i = 1; i <= ENTRIES; i++) {
			accounts[i].at_peak = accounts[i].live;
		}
	}
}

/** Record it in a ledger if one can take it, else in the totals. */
static void step(void)
{
	unsigned k = 1 + next_random() % ENTRIES;
	uint64_t bytes = 1 + next_random() % 1000;
	bool is_addition = next_random() % 2 || accounts[k].live < bytes;
	uint32_t number = next_random() % USED;
	struct ledger *ledger = view_ledger(&view, number);
	if (ledger->is_open && is_addition && !ledger_affords(ledger, bytes)) {
		fold_all();
	}
	bool is_apart = ledger->is_open;
	struct intent *intent = is_apart ? &ledger->intent : &view.slot->intent;
	struct totals *of = is_apart ? &ledger->totals : totals();
	struct entry *entry = is_apart ? view_ledger_entry(&view, number, k) : view_entry(&view, k);
	if (is_addition) {
		account_add(intent, of, entry, k, 0, bytes, 1);
	} else {
		account_remove(intent, of, entry, k, 0, bytes, 1);
	}
	account_done(intent);
	note(k, is_addition, bytes);
	if (!is_apart && next_random() % 4 == 0 && ledger_credit(totals(), USED)) {
		open_all();
	}
}

static struct snapshot take_snapshot(void)
{
	struct segment_reader reader;
	struct snapshot snapshot;
	REQUIRE(reader_open(&reader, segment) == 0);
	REQUIRE(snapshot_take(&reader, SNAPSHOT_RUN, false, &snapshot) == 0);
	return snapshot;
}

static void check_snapshot(void)
{
	struct snapshot snapshot = take_snapshot();
	CHECK_INT(snapshot.totals.live_bytes, live);
	CHECK_INT(totals_peak(&snapshot.totals), peak);
	for (unsigned k = 1; k <= ENTRIES; k++) {
		const struct entry *entry = snapshot_entry(&snapshot, k);
		uint64_t bytes, blocks;
		REQUIRE(entry != NULL);
		entry_peak_share(entry, &snapshot.totals, &bytes, &blocks);
		CHECK_INT(bytes, accounts[k].at_peak);
		CHECK_INT(entry->live_bytes, accounts[k].live);
	}
	snapshot_done(&snapshot);
	CHECK_INT(ledger_sum(view.header).live_bytes, live);
}

static void sums_are_those_of_one_account(void)
{
	begin();
	int apart = 0;
	for (int i = 0; i < STEPS; i++) {
		step();
		apart += (int)view_ledger(&view, 0)->is_open;
		if (i % 97 == 0) {
			check_snapshot();
		}
	}
	/* Neither way was the only one. */
	CHECK(apart > STEPS / 10 && apart < STEPS - STEPS / 10);
	check_snapshot();
	end();
}

/** Of the stores of a fold, in their order, only the first count have happened. */
static void interrupt(struct ledger *ledger, const struct ledger *before,
		      const struct totals *totals_before, int count)
{
	view.slot->intent.op = INTENT_FOLD;
	ledger->is_open = before->is_open;
	totals()->live_bytes = count < 1 ? totals_before->live_bytes : totals()->live_bytes;
	totals()->live_blocks = count < 2 ? totals_before->live_blocks : totals()->live_blocks;
	ledger->totals.live_bytes = count < 3 ? before->totals.live_bytes : LEDGER_NOTHING;
	ledger->totals.live_blocks = count < 4 ? before->totals.live_blocks : 0;
}

static void interrupted_fold_is_taken_back(void)
{
	begin();
	int interrupted = 0;
	for (int i = 0; i < STEPS; i++) {
		step();
		uint32_t number = next_random() % USED;
		struct ledger *ledger = view_ledger(&view, number);
		if (i % 20 || !ledger->is_open) {
			continue;
		}
		struct ledger before = *ledger;
		struct totals totals_before = *totals();
		ledger_fold(ledger, number, &view.slot->intent, totals());
		struct ledger after = *ledger;
		struct totals totals_after = *totals();
		for (int count = 0; count <= 4; count++) {
			interrupt(ledger, &before, &totals_before, count);
			struct snapshot snapshot = take_snapshot();
			CHECK_INT(snapshot.totals.live_bytes, live);
			snapshot_done(&snapshot);
			*ledger = after;
			*totals() = totals_after;
		}
		view.slot->intent.op = INTENT_NONE;
		fold_all();
		check_snapshot();
		interrupted++;
	}
	CHECK(interrupted > 50);
	end();
}

int main(void)
{
	RUN(sums_are_those_of_one_account);
	RUN(interrupted_fold_is_taken_back);
	return test_done();
}
