// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/account.h"

#include "tests/unit/test.h"

#define ENTRIES 20

static struct slot slot;
static struct totals totals;
static struct entry entries[ENTRIES];

static uint64_t share_of_peak(const struct entry *entry)
{
	if (totals.live_bytes > totals.peak_bytes) {
		return entry->live_bytes;
	}
	return entry->snap_epoch == totals.epoch ? entry->snap_bytes : entry->live_bytes;
}

static void reset(void)
{
	memset(&slot, 0, sizeof(slot));
	memset(&totals, 0, sizeof(totals));
	memset(entries, 0, sizeof(entries));
	totals.epoch = 1;
}

/** Shares of the peak against a copy of everything that is made at each new maximum. */
static void shares_are_those_at_the_peak(void)
{
	reset();
	uint64_t peak = 0;
	static uint64_t at_peak[ENTRIES];
	unsigned seed = 3;
	for (int i = 0; i < 200000; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned k = (seed >> 8) % ENTRIES;
		uint64_t bytes = (seed >> 16) % 1000 + 1;
		if (seed & 0x40 || entries[k].live_bytes < bytes) {
			account_add(&slot.intent, &totals, &entries[k], k + 1, 0, bytes, 1);
		} else {
			account_remove(&slot.intent, &totals, &entries[k], k + 1, 0, bytes, 1);
		}
		account_done(&slot.intent);
		if (totals.live_bytes > peak) {
			peak = totals.live_bytes;
			for (unsigned j = 0; j < ENTRIES; j++) {
				at_peak[j] = entries[j].live_bytes;
			}
		}
		if (i % 997 == 0) {
			uint64_t sum = 0;
			for (unsigned j = 0; j < ENTRIES; j++) {
				CHECK_INT(share_of_peak(&entries[j]), at_peak[j]);
				sum += share_of_peak(&entries[j]);
			}
			CHECK_INT(sum, peak);
		}
	}
}

static void repairs_an_operation_that_never_ended(void)
{
	reset();
	account_add(&slot.intent, &totals, &entries[0], 1, 0, 500, 1);
	account_done(&slot.intent);
	CHECK(!account_repair(&slot.intent, &entries[0], &totals));
	account_remove(&slot.intent, &totals, &entries[0], 1, 0, 500, 1);
	CHECK_INT(totals.live_bytes, 0);
	CHECK(account_repair(&slot.intent, &entries[0], &totals));
	CHECK_INT(totals.live_bytes, 500);
	CHECK_INT(entries[0].live_bytes, 500);
	CHECK_INT(entries[0].live_blocks, 1);
}

/** A part of an account where blocks of no bytes were freed that were counted in another part. */
static void forgets_blocks_of_no_bytes(void)
{
	reset();
	account_remove(&slot.intent, &totals, &entries[0], 1, 0, 0, 1);
	account_done(&slot.intent);
	CHECK_INT(entries[0].live_blocks, UINT32_MAX);
	account_forget(&entries[0]);
	CHECK_INT(entries[0].live_blocks, 0);
}

int main(void)
{
	RUN(forgets_blocks_of_no_bytes);
	RUN(shares_are_those_at_the_peak);
	RUN(repairs_an_operation_that_never_ended);
	return test_done();
}
