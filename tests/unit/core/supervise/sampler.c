// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Whose death a counter may be: on a captured machine whose counters move, at times of our own. */
#include "core/supervise/sampler.h"

#include "core/host/file.h"
#include "oomsim/verdict.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>

#define PID 42
#define GROUP "root/sys/fs/cgroup/user.slice/user-1000.slice/run-u7.scope/"
#define RUNNING "42 (python3) S 1 42 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n"
#define EXITING "42 (python3) D 1 42 42 0 -1 4194308 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n"
#define NOTHING_PENDING "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n"
#define SIGKILL_PENDING "SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n"

static struct segment_header header;
static struct sampler sampler;
static struct descendants nobody;

static void put(const char *path, const char *text)
{
	REQUIRE(file_put_text(path, text) == 0);
}

/** The workload's own group and the machine have counted so many. */
static void count_kills(int own, int machine)
{
	char text[64];
	snprintf(text, sizeof(text), "oom 9\noom_kill %d\n", own);
	put(GROUP "memory.events.local", text);
	snprintf(text, sizeof(text), "oom_kill %d\n", machine);
	put("root/proc/vmstat", text);
}

static void look_at(uint64_t now_ms)
{
	sampler_look(&sampler, &nobody, now_ms);
}

/** The fixture in the current folder, with a process that can be looked at. */
static void start(void)
{
	const char *tree = getenv("FIL_ROOT");
	char command[4200];
	snprintf(command, sizeof(command),
		 "rm -rf root && cp -r '%s/tests/fixtures/cgroup-v2' root &&"
		 " cp root/proc/42/cgroup root/proc/self/ && touch root/proc/vmstat"
		 " root/proc/42/stat root/proc/42/status",
		 tree ? tree : ".");
	REQUIRE(system(command) == 0);
	put("root/proc/42/stat", RUNNING);
	put("root/proc/42/status", NOTHING_PENDING);
	count_kills(1, 7);
	sampler_open(&sampler, "root", -1, &header);
	sampler_attach(&sampler, PID, 0);
	look_at(0);
}

/** It dies of SIGKILL now. */
static enum verdict end_at(uint64_t now_ms)
{
	struct refusals none = { 0, 0, 0 };
	sampler_finish(&sampler, now_ms);
	enum verdict verdict =
		verdict_decide(SIGKILL, &sampler.kills_outlived, &sampler.kills, &none);
	sampler_close(&sampler);
	return verdict;
}

static void kill_that_ends_it_counts(void)
{
	start();
	look_at(5000);
	count_kills(2, 8);
	CHECK_INT(end_at(5010), VERDICT_OOM_CONFIRMED);
	CHECK_INT(oom_moved(sampler.kills_before.own, sampler.kills.own), 1);
}

static void kill_that_is_seen_before_the_end_counts(void)
{
	start();
	count_kills(2, 8);
	look_at(5000);
	look_at(5999);
	CHECK_INT(end_at(6000), VERDICT_OOM_CONFIRMED);
}

static void kill_that_it_outlives_does_not(void)
{
	start();
	count_kills(2, 8);
	look_at(5000);
	look_at(6000);
	CHECK_INT(end_at(7000), VERDICT_KILLED_BY_OTHER);
	/* The report tells it all the same. */
	CHECK_INT(oom_moved(sampler.kills_before.own, sampler.kills.own), 1);
}

static void kill_after_one_that_it_outlives_counts(void)
{
	start();
	count_kills(2, 8);
	look_at(5000);
	look_at(6000);
	count_kills(3, 9);
	CHECK_INT(end_at(7000), VERDICT_OOM_CONFIRMED);
}

static void neighbours_kill_that_it_outlives_does_not(void)
{
	start();
	count_kills(1, 8);
	look_at(5000);
	look_at(6000);
	CHECK_INT(end_at(7000), VERDICT_KILLED_BY_OTHER);
}

/** A process that waits in the kernel may take long to die. */
static void kill_of_which_it_dies_slowly_counts(void)
{
	start();
	count_kills(2, 8);
	look_at(5000);
	put("root/proc/42/status", SIGKILL_PENDING);
	look_at(6000);
	put("root/proc/42/status", NOTHING_PENDING);
	put("root/proc/42/stat", EXITING);
	look_at(9000);
	CHECK_INT(end_at(9500), VERDICT_OOM_CONFIRMED);
}

int main(void)
{
	RUN(kill_that_ends_it_counts);
	RUN(kill_that_is_seen_before_the_end_counts);
	RUN(kill_that_it_outlives_does_not);
	RUN(kill_after_one_that_it_outlives_counts);
	RUN(neighbours_kill_that_it_outlives_does_not);
	RUN(kill_of_which_it_dies_slowly_counts);
	return test_done();
}
