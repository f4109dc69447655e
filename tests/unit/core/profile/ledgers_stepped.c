// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Ledgers in a process that ends at each single instruction of what it does to them: a reader of
 * what it leaves finds sums that add up, and what was live and was the peak.
 */
#include "core/profile/repair.h"
#include "core/profile/snapshot.h"
#include "core/shm/intern.h"
#include "core/shm/ledger.h"
#include "tests/unit/core/shm/fixture.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define ENTRIES 4u
#define USED 2u
#define PEAK 1000u
#define STEPS_MAX 100000

static int segment;
static struct segment_view view;

static struct totals *totals(void)
{
	return &view.header->totals;
}

static void add(uint32_t k, uint64_t bytes)
{
	struct intent *intent = &view.slot->intent;
	account_add(intent, totals(), view_entry(&view, k), k, 0, bytes, 1);
	account_done(intent);
}

static void drop(uint32_t k, uint64_t bytes)
{
	struct intent *intent = &view.slot->intent;
	account_remove(intent, totals(), view_entry(&view, k), k, 0, bytes, 1);
	account_done(intent);
}

static void add_in(uint32_t number, uint32_t k, uint64_t bytes)
{
	struct ledger *ledger = view_ledger(&view, number);
	REQUIRE(ledger->is_open && ledger_affords(ledger, bytes));
	account_add(&ledger->intent, &ledger->totals, view_ledger_entry(&view, number, k), k, 0,
		    bytes, 1);
	account_done(&ledger->intent);
}

static void drop_in(uint32_t number, uint32_t k, uint64_t bytes)
{
	struct ledger *ledger = view_ledger(&view, number);
	account_remove(&ledger->intent, &ledger->totals, view_ledger_entry(&view, number, k), k, 0,
		       bytes, 1);
	account_done(&ledger->intent);
}

static void open_all(void)
{
	uint64_t credit = ledger_credit(totals(), USED);
	for (uint32_t i = 0; i < USED; i++) {
		ledger_open(view_ledger(&view, i), totals(), credit);
	}
}

static void fold_all(void)
{
	for (uint32_t i = 0; i < USED; i++) {
		ledger_fold(view_ledger(&view, i), i, &view.slot->intent, totals());
	}
}

/** Far below the peak; the second ledger has made what the first has freed, and more. */
static void begin(void)
{
	segment = fixture_segment();
	memset(&view, 0, sizeof(view));
	REQUIRE(view_open(&view, segment, 0));
	for (unsigned k = 1; k <= ENTRIES; k++) {
		uint32_t node = view_add_shared(&view, ARENA_NODE, 1);
		CHECK_INT(intern_entry(&view, node), k);
	}
	for (uint32_t i = 0; i < USED; i++) {
		REQUIRE(ledger_reach(&view, i, ENTRIES));
	}
	add(1, PEAK - 10);
	add(2, 10);
	drop(1, PEAK - 10);
	open_all();
	add_in(1, 3, 300);
	add_in(1, 4, 30);
	drop_in(0, 3, 300);
	drop_in(0, 2, 10);
}

static void end(void)
{
	close(segment);
}

/** What a reader finds if the process has just died. */
static struct totals read_all(void)
{
	struct segment_reader reader;
	struct snapshot snapshot;
	REQUIRE(reader_open(&reader, segment) == 0);
	REQUIRE(snapshot_take(&reader, SNAPSHOT_RUN, false, &snapshot) == 0);
	struct totals found = snapshot.totals;
	uint64_t bytes_live = 0, bytes_at_peak = 0;
	uint32_t blocks_live = 0;
	for (unsigned k = 1; k <= ENTRIES; k++) {
		const struct entry *entry = snapshot_entry(&snapshot, k);
		uint64_t bytes, blocks;
		REQUIRE(entry != NULL);
		entry_peak_share(entry, &found, &bytes, &blocks);
		bytes_live += entry->live_bytes;
		blocks_live += entry->live_blocks;
		bytes_at_peak += bytes;
	}
	CHECK_INT(bytes_live, found.live_bytes);
	CHECK_INT(blocks_live, found.live_blocks);
	CHECK_INT(bytes_at_peak, totals_peak(&found));
	CHECK_INT(totals_peak(&found), PEAK);
	snapshot_done(&snapshot);
	return found;
}

/** What holds at each instruction of act, which takes the books from one state to another. */
static void check_step(const struct totals *before, const struct totals *after)
{
	struct totals found = read_all();
	CHECK(found.live_bytes == before->live_bytes || found.live_bytes == after->live_bytes);
	CHECK(found.allocations == before->allocations || found.allocations == after->allocations);
	/* Nobody goes on in what is half folded. */
	const struct intent *intent = &view.slot->intent;
	CHECK(intent->op != INTENT_FOLD || !view_ledger(&view, intent->entry)->is_open);
	CHECK(ledger_sum(view.header).live_bytes < PEAK);
}

/** Let a child that shares the segment act, and look at it after each of its instructions. */
static void step_through(void (*act)(void), const struct totals *after)
{
	struct totals before = read_all();
	fflush(stdout);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP)) {
			_exit(2);
		}
		act();
		_exit(test_state.failures ? 1 : 0);
	}
	int status;
	int steps = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		printf("skipped: no process may be traced here\n");
		act();
		return;
	}
	while (!WIFEXITED(status) && !WIFSIGNALED(status) && steps++ < STEPS_MAX
	       && test_state.failures < 5) {
		REQUIRE(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		REQUIRE(waitpid(pid, &status, 0) == pid);
		check_step(&before, after);
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (!WIFEXITED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	CHECK_INT(read_all().live_bytes, after->live_bytes);
	CHECK_INT(read_all().allocations, after->allocations);
}

static void folds(void)
{
	begin();
	struct totals same = read_all();
	CHECK_INT(same.live_bytes, 30);
	step_through(fold_all, &same);
	CHECK_INT(totals()->live_bytes, 30);
	end();
}

static void opens_again(void)
{
	begin();
	fold_all();
	struct totals same = read_all();
	step_through(open_all, &same);
	CHECK(view_ledger(&view, 1)->is_open);
	end();
}

static void frees_what_another_made(void)
{
	drop_in(0, 4, 30);
}

static void makes_one_where_more_were_freed(void)
{
	add_in(0, 4, 30);
}

/** The blocks of a ledger's part go below zero, and come back. */
static void passes_zero(void)
{
	begin();
	struct totals full = read_all();
	struct totals freed = full;
	freed.live_bytes -= 30;
	step_through(frees_what_another_made, &freed);
	full.allocations++;
	step_through(makes_one_where_more_were_freed, &full);
	end();
}

int main(void)
{
	RUN(folds);
	RUN(opens_again);
	RUN(passes_zero);
	return test_done();
}
