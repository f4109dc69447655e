// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Four processes that share pages, as a kernel 6.1 showed them, in the test's own folder. */
#include "oomsim/pressure.h"

#include "oomsim/ceiling.h"
#include "tests/unit/test.h"

#include <sys/stat.h>

static void put(int pid, const char *name, const char *text)
{
	char path[64];
	mkdir("proc", 0700);
	snprintf(path, sizeof(path), "proc/%d", pid);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	FILE *file = fopen(path, "w");
	REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const char status[] = "Name:\tpython3\nRssAnon:\t  100000 kB\nRssFile:\t   9000 kB\n"
			     "RssShmem:\t    4000 kB\nVmPTE:\t     300 kB\nThreads:\t2\n";
static const char rollup[] = "00400000-7ffc [rollup]\nRss: 113000 kB\nPss: 40000 kB\n"
			     "Pss_Anon:         30000 kB\nPss_File:          9000 kB\n"
			     "Pss_Shmem:         1000 kB\n";
#define STAT(faults) "10 (python3) R 1 1 1 0 -1 0 " faults " 0 0 0 7 8 0 0 20 0 1 0 99\n"
static const pid_t pids[] = { 10, 11, 12, 13 };

/** The kernel takes less for those below the workload. */
#define KERNEL_BYTES(processes) \
	(CEILING_PROCESS_BYTES + ((processes) - 1) * CEILING_CHILD_BYTES \
	 + (processes) * 2 * CEILING_THREAD_BYTES)

#define PLAIN_BYTES(processes) \
	((processes) * (uint64_t)(100000 + 4000 + 300) * 1024 + KERNEL_BYTES(processes))

#define cleanup_pressure __attribute__((cleanup(pressure_done)))

static struct process_tree tree_of(size_t count, uint64_t segment_bytes)
{
	return (struct process_tree){
		.root = ".", .pids = pids, .count = count, .segment_bytes = segment_bytes
	};
}

static struct charge look(struct pressure *pressure, size_t count, uint64_t matters_bytes)
{
	struct process_tree tree = tree_of(count, 0);
	return pressure_read(pressure, &tree, matters_bytes, PRESSURE_WALK);
}

static void far_below_what_matters_shared_pages_count_often(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	struct process_tree tree = tree_of(3, 1000 * 1024);
	struct charge sum = pressure_read(&pressure, &tree, 2 * PLAIN_BYTES(3), PRESSURE_WALK);
	CHECK_INT(sum.anonymous_bytes, 3 * 100000 * 1024);
	/* The segment is taken off once: from the workload itself. */
	CHECK_INT(sum.shared_bytes, (3 * 4000 - 1000) * 1024);
	CHECK_INT(sum.page_table_bytes, 3 * 300 * 1024);
	CHECK_INT(sum.kernel_bytes, KERNEL_BYTES(3));
	CHECK_INT(sum.threads, 6);
	CHECK_INT(sum.processes, 3);
	CHECK_INT(pressure.most_bytes, charge_sum(&sum));
	CHECK(!pressure.has_walked);
}

static void from_half_of_it_on_they_count_once(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	struct process_tree tree = tree_of(3, 500 * 1024);
	struct charge sum = pressure_read(&pressure, &tree, PLAIN_BYTES(3) + 4096, PRESSURE_WALK);
	/* The third process hides its rollup: it counts in full. */
	CHECK_INT(sum.anonymous_bytes, (30000 + 30000 + 100000) * 1024);
	CHECK_INT(sum.shared_bytes, (1000 + 1000 + 4000 - 500) * 1024);
	CHECK_INT(sum.processes, 3);
	CHECK(pressure.has_walked);
}

static void what_a_process_takes_is_known_without_a_walk(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	struct charge before = look(&pressure, 2, PLAIN_BYTES(2));
	put(pids[1], "status", "Name:\tpython3\nRssAnon:\t  150000 kB\nRssFile:\t   9000 kB\n"
			       "RssShmem:\t    4000 kB\nVmPTE:\t     300 kB\nThreads:\t2\n");
	/* Even if that is above what matters. */
	struct charge after = look(&pressure, 2, charge_sum(&before) + (49000 << 10));
	CHECK_INT(after.anonymous_bytes - before.anonymous_bytes, 50000 * 1024);
	CHECK_INT(after.shared_bytes, before.shared_bytes);
	CHECK(!pressure.has_walked);
	put(pids[1], "status", status);
}

static void written_copies_are_followed_by_faults(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	uint64_t matters_bytes = PLAIN_BYTES(2) - (100 << 20);
	struct charge before = look(&pressure, 2, matters_bytes);
	/* 1000 pages were written to that were shared: resident before and after. */
	put(pids[0], "stat", STAT("6000"));
	struct charge after = look(&pressure, 2, matters_bytes);
	CHECK(!pressure.has_walked);
	CHECK_INT(after.anonymous_bytes, before.anonymous_bytes);
	CHECK_INT(pressure.most_bytes, charge_sum(&before) + 1000 * 4096);
	/* Where that reaches what matters, it is looked at again, if that may be. */
	put(pids[0], "stat", STAT("99000"));
	put(pids[0], "smaps_rollup", "Pss_Anon: 70000 kB\nPss_Shmem: 1000 kB\n");
	struct process_tree tree = tree_of(2, 0);
	after = pressure_read(&pressure, &tree, matters_bytes, PRESSURE_NO_WALK);
	CHECK_INT(after.anonymous_bytes, before.anonymous_bytes);
	after = pressure_read(&pressure, &tree, matters_bytes, PRESSURE_WALK);
	CHECK_INT(after.anonymous_bytes, (70000 + 30000) * 1024);
	put(pids[0], "smaps_rollup", rollup);
	put(pids[0], "stat", STAT("5000"));
}

static void what_is_real_of_the_faults_is_found_out(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	struct process_tree tree = tree_of(2, 0);
	struct charge sum = look(&pressure, 2, PLAIN_BYTES(2));
	uint64_t matters_bytes = charge_sum(&sum) + (40000 << 10);
	/* Half of what the faults could have brought has come: 16000 of 32000 kB. */
	put(pids[0], "stat", STAT("13000"));
	put(pids[0], "smaps_rollup", "Pss_Anon: 46000 kB\nPss_Shmem: 1000 kB\n");
	pressure_read(&pressure, &tree, matters_bytes, PRESSURE_WALK_UNLESS_CLEAR);
	CHECK(pressure.has_walked);
	CHECK_INT(pressure.real_parts, PRESSURE_REAL_PARTS / 2);
	/* 24000 kB are left, and 28000 more possible. */
	put(pids[0], "stat", STAT("20000"));
	pressure_read(&pressure, &tree, matters_bytes, PRESSURE_WALK_UNLESS_CLEAR);
	CHECK(!pressure.has_walked);
	CHECK_INT(pressure.likely_bytes, matters_bytes - (10000 << 10));
	CHECK_INT(pressure.most_bytes, matters_bytes + (4000 << 10));
	/* It is probably above: who asks sees to it that nothing moves, and asks again. */
	put(pids[0], "stat", STAT("26000"));
	put(pids[0], "smaps_rollup", "Pss_Anon: 71000 kB\nPss_Shmem: 1000 kB\n");
	pressure_read(&pressure, &tree, matters_bytes, PRESSURE_WALK_UNLESS_CLEAR);
	CHECK(!pressure.has_walked);
	CHECK(pressure.likely_bytes > matters_bytes);
	sum = pressure_read(&pressure, &tree, matters_bytes, PRESSURE_WALK_ANYHOW);
	CHECK_INT(sum.anonymous_bytes, (71000 + 30000) << 10);
	put(pids[0], "smaps_rollup", rollup);
	put(pids[0], "stat", STAT("5000"));
}

static void another_process_is_reason_to_look_again(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	uint64_t matters_bytes = PLAIN_BYTES(2) - 4096;
	look(&pressure, 2, matters_bytes);
	CHECK_INT(pressure.part_count, 2);
	/* What it has may all be shared: nothing of it is certain. */
	struct process_tree tree = tree_of(3, 0);
	struct charge sum = pressure_read(&pressure, &tree, matters_bytes, PRESSURE_NO_WALK);
	CHECK_INT(sum.anonymous_bytes, (30000 + 30000) * 1024);
	CHECK_INT(pressure.most_bytes, PLAIN_BYTES(3));
	sum = look(&pressure, 3, matters_bytes);
	CHECK_INT(pressure.part_count, 3);
	CHECK_INT(sum.anonymous_bytes, (30000 + 30000 + 100000) * 1024);
}

static void who_has_gone_leaves_the_others(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	look(&pressure, 3, PLAIN_BYTES(3));
	struct process_tree tree = { .root = ".", .pids = pids + 1, .count = 2 };
	struct charge sum = pressure_read(&pressure, &tree, PLAIN_BYTES(2), PRESSURE_NO_WALK);
	CHECK_INT(sum.anonymous_bytes, (30000 + 100000) * 1024);
	CHECK_INT(sum.processes, 2);
}

static void who_has_ended_adds_nothing(void)
{
	cleanup_pressure struct pressure pressure = { 0 };
	struct process_tree tree = {
		.root = ".", .pids = pids + 3, .count = 1, .segment_bytes = 4096
	};
	struct charge sum = pressure_read(&pressure, &tree, 0, PRESSURE_WALK);
	CHECK_INT(charge_sum(&sum), 0);
	CHECK_INT(sum.processes, 0);
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		put(pids[i], "status", status);
		put(pids[i], "stat", STAT("5000"));
	}
	put(pids[3], "status", "Name:\tpython3\nState:\tZ (zombie)\n");
	put(pids[0], "smaps_rollup", rollup);
	put(pids[1], "smaps_rollup", rollup);
	put(pids[2], "smaps_rollup", "");
	RUN(far_below_what_matters_shared_pages_count_often);
	RUN(from_half_of_it_on_they_count_once);
	RUN(what_a_process_takes_is_known_without_a_walk);
	RUN(written_copies_are_followed_by_faults);
	RUN(what_is_real_of_the_faults_is_found_out);
	RUN(another_process_is_reason_to_look_again);
	RUN(who_has_gone_leaves_the_others);
	RUN(who_has_ended_adds_nothing);
	return test_done();
}
