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

#define KERNEL_BYTES (CEILING_PROCESS_BYTES + 2 * CEILING_THREAD_BYTES)

#define PLAIN_BYTES(processes) \
	((processes) * ((uint64_t)(100000 + 4000 + 300) * 1024 + KERNEL_BYTES))

static void below_what_matters_shared_pages_count_often(void)
{
	struct pressure pressure = { 0 };
	struct charge sum =
		pressure_read(&pressure, ".", pids, 3, 1000 * 1024, PLAIN_BYTES(3));
	CHECK_INT(sum.anonymous_bytes, 3 * 100000 * 1024);
	/* The segment is taken off once: from the workload itself. */
	CHECK_INT(sum.shared_bytes, (3 * 4000 - 1000) * 1024);
	CHECK_INT(sum.page_table_bytes, 3 * 300 * 1024);
	CHECK_INT(sum.kernel_bytes, 3 * KERNEL_BYTES);
	CHECK_INT(sum.threads, 6);
	CHECK_INT(sum.processes, 3);
	CHECK_INT(pressure.processes, 0);
}

static void above_it_they_count_once(void)
{
	struct pressure pressure = { 0 };
	struct charge sum = pressure_read(&pressure, ".", pids, 3, 500 * 1024, 1);
	/* The third process hides its rollup: it counts in full. */
	CHECK_INT(sum.anonymous_bytes, (30000 + 30000 + 100000) * 1024);
	CHECK_INT(sum.shared_bytes, (1000 + 1000 + 4000 - 500) * 1024);
	CHECK_INT(sum.processes, 3);
}

static void from_then_on_growth_is_followed_by_faults(void)
{
	struct pressure pressure = { 0 };
	uint64_t matters_bytes = PLAIN_BYTES(2) - (100 << 20);
	struct charge before = pressure_read(&pressure, ".", pids, 2, 0, matters_bytes);
	CHECK_INT(before.anonymous_bytes, 60000 * 1024);
	/* 1000 pages were written to that were shared: resident before and after. */
	put(pids[0], "stat", STAT("6000"));
	struct charge after = pressure_read(&pressure, ".", pids, 2, 0, matters_bytes);
	CHECK_INT(after.anonymous_bytes - before.anonymous_bytes, 1000 * 4096);
	/* Where that reaches what matters, it is looked at again. */
	put(pids[0], "stat", STAT("99000"));
	put(pids[0], "smaps_rollup", "Pss_Anon: 70000 kB\nPss_Shmem: 1000 kB\n");
	after = pressure_read(&pressure, ".", pids, 2, 0, matters_bytes);
	CHECK_INT(after.anonymous_bytes, (70000 + 30000) * 1024);
	put(pids[0], "smaps_rollup", rollup);
}

static void another_process_is_reason_to_look_again(void)
{
	struct pressure pressure = { 0 };
	uint64_t matters_bytes = PLAIN_BYTES(2) - 4096;
	pressure_read(&pressure, ".", pids, 2, 0, matters_bytes);
	CHECK_INT(pressure.processes, 2);
	struct charge sum = pressure_read(&pressure, ".", pids, 3, 0, matters_bytes);
	CHECK_INT(pressure.processes, 3);
	CHECK_INT(sum.anonymous_bytes, (30000 + 30000 + 100000) * 1024);
}

static void who_has_ended_adds_nothing(void)
{
	struct pressure pressure = { 0 };
	struct charge sum = pressure_read(&pressure, ".", pids + 3, 1, 4096, 0);
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
	RUN(below_what_matters_shared_pages_count_often);
	RUN(above_it_they_count_once);
	RUN(from_then_on_growth_is_followed_by_faults);
	RUN(another_process_is_reason_to_look_again);
	RUN(who_has_ended_adds_nothing);
	return test_done();
}
