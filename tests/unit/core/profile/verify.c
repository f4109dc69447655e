// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The collector and the verifier against a process that records with the hook's own tables and is
 * killed in the middle, again and again.
 */
#include "core/profile/collect.h"

#include "core/shm/account.h"
#include "core/shm/intern.h"
#include "core/shm/live.h"
#include "core/shm/lock.h"
#include "core/shm/ranges.h"
#include "tests/unit/core/shm/fixture.h"
#include "tests/unit/test.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ENTRIES 50
#define PLACES 3000
#define ROUNDS 150

static struct segment_view view;
static struct live_table live;
static struct range_index large;
static uint32_t entry_numbers[ENTRIES];
static bool used[PLACES];

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void make_entries(void)
{
	struct code code = {
		.filename = intern_text(&view, "job.py", 6),
		.qualname = intern_text(&view, "main", 4),
		.first_line = 1,
		.kind = CODE_PYTHON,
	};
	uint32_t node = 0;
	uint32_t number = intern_code(&view, &code);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		node = intern_node(&view, i % 7 ? node : 0, number, i * 2);
		entry_numbers[i] = intern_entry(&view, node);
		REQUIRE(entry_numbers[i]);
	}
}

/**
 * Places are 48 bytes apart; every 500th is a block of its own region, too large for a slab entry.
 */
static uintptr_t place_address(uint32_t place)
{
	return place % 500 == 499 ? (uintptr_t)(place + 1) << 30
				  : 0x7f0000000000u + (uintptr_t)place * 48;
}

static bool is_scope_open(void)
{
	return view.slot->scope.state == SCOPE_OPEN;
}

static void add_block(uint32_t place, uint32_t random)
{
	uintptr_t address = place_address(place);
	uint32_t number = entry_numbers[random % ENTRIES];
	uint64_t bytes = place % 500 == 499 ? LIVE_SIZE_LARGE + random % 1000 : random % 48 + 1;
	bool is_large = bytes >= LIVE_SIZE_LARGE;
	bool is_in_scope = is_scope_open() && !is_large
		&& view_reach_shared(&view, ARENA_SCOPE, number);
	struct live_block block = { number, is_large ? LIVE_SIZE_LARGE : (uint32_t)bytes,
				    is_in_scope ? LIVE_SCOPE : 0 };
	if (is_large) {
		struct range range = { address, address + bytes, number, RANGE_BLOCK, bytes };
		REQUIRE(ranges_add(&large, &view, &range));
	}
	unsigned granule = place % 3 ? 5 : 4;
	REQUIRE(live_insert(&live, &view, address, block, granule) == LIVE_INSERTED);
	account_add(&view.slot->intent, &view.header->totals, view_entry(&view, number), number,
		    address, bytes, 1);
	if (is_in_scope) {
		account_add(&view.slot->scope_intent, &view.header->scope_totals,
			    view_scope_entry(&view, number), number, address, bytes, 1);
	}
	account_done(&view.slot->intent);
	account_done(&view.slot->scope_intent);
}

static void remove_block(uint32_t place)
{
	uintptr_t address = place_address(place);
	struct live_place found;
	REQUIRE(live_seek(&live, &view, address, &found));
	struct live_block block = live_unpack(*found.word);
	uint64_t bytes = block.size;
	if (block.size == LIVE_SIZE_LARGE) {
		struct range_position at;
		REQUIRE(ranges_seek(&large, &view, address, &at));
		bytes = ranges_at(&large, &view, at)->bytes;
		ranges_remove(&large, &view, at);
	}
	account_remove(&view.slot->intent, &view.header->totals, view_entry(&view, block.entry),
		       block.entry, address, bytes, 1);
	if (is_scope_open() && block.flags & LIVE_SCOPE) {
		account_remove(&view.slot->scope_intent, &view.header->scope_totals,
			       view_scope_entry(&view, block.entry), block.entry, address, bytes,
			       1);
	}
	live_erase(&live, &view, found);
	account_done(&view.slot->intent);
	account_done(&view.slot->scope_intent);
}

/** One ends or begins, as in core/hook/scope_account.c. */
static void change_scope(void)
{
	if (is_scope_open()) {
		view.slot->scope.state = SCOPE_CLOSED;
		return;
	}
	view.slot->scope.state = SCOPE_NONE;
	live_unmark_scope(&live, &view);
	for (uint64_t k = 1; k < view.header->arena[ARENA_SCOPE].used; k++) {
		account_forget(view_scope_entry(&view, (uint32_t)k));
	}
	account_begin_anew(&view.header->scope_totals);
	view.slot->scope.state = SCOPE_OPEN;
}

static void step(uint64_t *seed)
{
	uint32_t place = next_random(seed) % PLACES;
	if (used[place]) {
		remove_block(place);
	} else {
		add_block(place, next_random(seed));
	}
	used[place] = !used[place];
	if (place % 500 == 0) {
		change_scope();
	}
}

/** Record until somebody kills us, or steps times. */
static void record(int fd, uint64_t seed, uint32_t steps)
{
	memset(&view, 0, sizeof(view));
	memset(&live, 0, sizeof(live));
	memset(&large, 0, sizeof(large));
	memset(used, 0, sizeof(used));
	REQUIRE(view_open(&view, fd, 0));
	view.slot->state = SLOT_RECORDING;
	view.slot->generation = 1;
	make_entries();
	for (uint32_t i = 0; i < steps; i++) {
		REQUIRE(lock_try(&view.slot->lock, 1));
		step(&seed);
		lock_release(&view.slot->lock);
	}
}

static uint64_t allocations(int fd)
{
	struct segment_header header;
	REQUIRE(pread(fd, &header, sizeof(header), 0) == sizeof(header));
	return header.totals.allocations;
}

static pid_t start_recorder(int fd, uint64_t seed)
{
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		record(fd, seed, UINT32_MAX);
		_exit(0);
	}
	return pid;
}

static struct profile *collect(int fd, enum verdict verdict)
{
	struct collect_request request = { .segment_fd = fd, .outcome = { .verdict = verdict } };
	struct profile *profile = profile_collect(&request);
	REQUIRE(profile);
	return profile;
}

static void check_segment(int fd)
{
	char *report;
	int violated = segment_verify(fd, &report);
	CHECK_INT(violated, 0);
	CHECK_STR(report, "");
	free(report);
	struct profile *profile = collect(fd, VERDICT_SIGNALED);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), profile->peak_bytes);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_END), profile->end_bytes);
	CHECK(profile->repaired_operations <= 1);
	CHECK(profile->peak_bytes >= profile->end_bytes);
	profile_free(profile);
}

static void killed_at_any_moment(void)
{
	uint64_t seed = 1;
	for (int round = 0; round < ROUNDS; round++) {
		int fd = fixture_segment();
		uint64_t wanted = next_random(&seed) % 20000;
		pid_t pid = start_recorder(fd, seed);
		while (allocations(fd) < wanted) {
			sched_yield();
		}
		kill(pid, SIGKILL);
		REQUIRE(waitpid(pid, NULL, 0) == pid);
		check_segment(fd);
		close(fd);
	}
}

/* The sum may be off by what moved while it was read; the profile must be whole all the same. */
static void collected_while_running(void)
{
	int fd = fixture_segment();
	pid_t pid = start_recorder(fd, 7);
	unsigned exact = 0;
	while (allocations(fd) < 100000) {
		sched_yield();
	}
	for (int i = 0; i < 20; i++) {
		struct profile *profile = collect(fd, VERDICT_RUNNING);
		exact += profile_sum_bytes(profile, MEASURE_PEAK) == profile->peak_bytes;
		CHECK(profile->entry_count > 0);
		CHECK(profile->node_count > 1);
		profile_free(profile);
	}
	kill(pid, SIGKILL);
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	/* After so long new peaks are rare. */
	CHECK(exact >= 15);
	check_segment(fd);
	close(fd);
}

/* A verifier that finds nothing wrong with anything would pass all of the above. */
static void damage_is_found(void)
{
	int fd = fixture_segment();
	record(fd, 3, 5000);
	check_segment(fd);
	view.slot->scope.state = SCOPE_NONE;
	struct entry *entry = view_entry(&view, entry_numbers[3]);
	entry->live_bytes += 8;
	CHECK_INT(segment_verify(fd, NULL), 3);
	entry->live_bytes -= 8;
	CHECK_INT(segment_verify(fd, NULL), 0);
	uint64_t *word = view_slab(&view, 5);
	while (!*word) {
		word++;
	}
	uint64_t kept = *word;
	*word = 0;
	CHECK_INT(segment_verify(fd, NULL), 2);
	*word = kept + ((uint64_t)1 << 37);
	CHECK_INT(segment_verify(fd, NULL), 1);
	*word = kept;
	view.header->totals.peak_bytes += 1;
	CHECK_INT(segment_verify(fd, NULL), 1);
	close(fd);
}

static void damage_to_the_account_of_a_scope_is_found(void)
{
	int fd = fixture_segment();
	record(fd, 3, 5000);
	while (!is_scope_open() || !view.header->scope_totals.live_blocks) {
		uint64_t seed = 11 + view.header->totals.allocations;
		step(&seed);
	}
	CHECK_INT(segment_verify(fd, NULL), 0);
	uint32_t k = 1;
	while (!view_scope_entry(&view, k)->live_bytes) {
		k++;
	}
	struct entry *entry = view_scope_entry(&view, k);
	entry->live_blocks++;
	CHECK_INT(segment_verify(fd, NULL), 2);
	entry->live_blocks--;
	view.header->scope_totals.peak_bytes += 1 << 20;
	CHECK_INT(segment_verify(fd, NULL), 1);
	view.header->scope_totals.peak_bytes -= 1 << 20;
	live_unmark_scope(&live, &view);
	CHECK(segment_verify(fd, NULL) > 0);
	close(fd);
}

/* Whatever the workload writes into its segment: an answer, and no crash. */
static void scribbled_over(void)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		uint64_t state = seed;
		struct stat status;
		int fd = fixture_segment();
		record(fd, seed, 300);
		REQUIRE(fstat(fd, &status) == 0);
		for (int i = 0; i < 200; i++) {
			uint64_t noise = next_random(&state);
			noise <<= next_random(&state) % 40;
			uint64_t ranges[] = { 4096, SEGMENT_FRONT_BYTES, SLOT_BYTES, 4 << 20 };
			uint64_t bases[] = { 8, 0, SEGMENT_SLOTS_OFFSET, SEGMENT_EXTENTS_OFFSET };
			unsigned which = next_random(&state) % 4;
			uint64_t at = bases[which] + next_random(&state) % ranges[which];
			REQUIRE(pwrite(fd, &noise, 1 + next_random(&state) % 8, (off_t)at) > 0);
		}
		struct collect_request request = {
			.segment_fd = fd,
			.outcome = { .verdict = seed % 2 ? VERDICT_SIGNALED : VERDICT_RUNNING },
			.with_source = true,
		};
		profile_free(profile_collect(&request));
		segment_verify(fd, NULL);
		close(fd);
		test_state.checks++;
	}
}

int main(void)
{
	RUN(killed_at_any_moment);
	RUN(collected_while_running);
	RUN(damage_is_found);
	RUN(damage_to_the_account_of_a_scope_is_found);
	RUN(scribbled_over);
	return test_done();
}
