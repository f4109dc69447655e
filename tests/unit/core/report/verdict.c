// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/report.h"

#include "core/report/signals.h"
#include "tests/unit/test.h"

/** The sentence for an outcome; one at a time. */
static const char *sentence(struct outcome outcome)
{
	static char text[512];
	struct profile profile = { .outcome = outcome };
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	CHECK_INT(report_verdict_sentence(out, &profile), 0);
	fclose(out);
	return text;
}

static void says_how_it_ended(void)
{
	CHECK_STR(sentence((struct outcome){ .verdict = VERDICT_RUNNING }), "still running");
	CHECK_STR(sentence((struct outcome){ .verdict = VERDICT_EXITED, .exit_status = 3 }),
		  "exited with status 3");
	CHECK_STR(sentence((struct outcome){ .verdict = VERDICT_SIGNALED, .signal = 11 }),
		  "killed by signal 11 (SIGSEGV)");
	CHECK_STR(sentence((struct outcome){ .verdict = VERDICT_SIGNALED, .signal = 6,
					     .core_dumped = true }),
		  "killed by signal 6 (SIGABRT), core dumped");
	CHECK_STR(sentence((struct outcome){ .verdict = VERDICT_UNKNOWN }),
		  "ended, but how could not be learnt");
}

static void says_what_a_picture_in_advance_knows(void)
{
	char text[512];
	struct profile profile = {
		.outcome = {
			.verdict = VERDICT_RUNNING,
			.cgroup_limit_bytes = 500 << 20,
			.cgroup_max_usage_bytes = 480 << 20,
			.machine_ram_bytes = (uint64_t)8 << 30,
		},
		.moment = MOMENT_IN_ADVANCE,
	};
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	CHECK_INT(report_verdict_sentence(out, &profile), 0);
	fclose(out);
	CHECK_STR(text, "still running when this picture was taken in advance, because memory was "
			"almost out (its cgroup held 480.0 MiB of 500.0 MiB at most; the machine "
			"has 8.0 GiB of RAM)");
	CHECK_INT(report_default_measure(&profile), MEASURE_END);
}

static void says_who_killed_it(void)
{
	struct outcome outcome = {
		.verdict = VERDICT_OOM_CONFIRMED,
		.signal = 9,
		.cgroup_oom_kills = 1,
		.cgroup_limit_bytes = 200 << 20,
		.machine_oom_kills = 2,
		.machine_ram_bytes = (uint64_t)24 << 30,
	};
	CHECK_STR(sentence(outcome),
		  "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to "
		  "200.0 MiB, counted 1 out-of-memory kill)");
	outcome.verdict = VERDICT_OOM_LIKELY;
	CHECK_STR(sentence(outcome),
		  "killed by SIGKILL, likely by the kernel for lack of memory (the machine, with "
		  "24.0 GiB of RAM, counted 2 out-of-memory kills)");
	outcome.verdict = VERDICT_KILLED_BY_OTHER;
	CHECK_STR(sentence(outcome),
		  "killed by somebody's signal 9 (SIGKILL): the kernel counted no out-of-memory "
		  "kill");
}

static void says_what_is_left_of_a_lost_one(void)
{
	struct outcome outcome = {
		.verdict = VERDICT_LOST,
		.lost = LOST_KILLED | LOST_DIES_TOGETHER,
		.cgroup_limit_bytes = 500 << 20,
		.cgroup_last_usage_bytes = 498 << 20,
		.machine_oom_kills = 1,
	};
	CHECK_STR(sentence(outcome),
		  "ended without a word, killed together with fil-profile, as the kernel does for "
		  "lack of memory where memory.oom.group is set (its cgroup held 498.0 MiB of "
		  "500.0 MiB when last looked at; the machine has counted 1 out-of-memory kill "
		  "since)");
	outcome.lost = LOST_KILLED;
	outcome.cgroup_last_usage_bytes = 0;
	outcome.machine_oom_kills = 2;
	CHECK_STR(sentence(outcome),
		  "nobody saw how it ended: fil-profile was killed, too (the machine has counted 2 "
		  "out-of-memory kills since)");
	outcome.machine_oom_kills = 0;
	CHECK_STR(sentence(outcome), "nobody saw how it ended: fil-profile was killed, too");
	outcome.lost = LOST_DIES_TOGETHER;
	CHECK_STR(sentence(outcome),
		  "nobody saw how it ended: the machine stopped, or the disk was taken away");
}

static void says_that_the_ceiling_was_reached(void)
{
	struct outcome outcome = {
		.verdict = VERDICT_CEILING,
		.signal = 9,
		.breach = { .metric = CEILING_RESIDENT, .limit_bytes = (uint64_t)2 << 30 },
	};
	CHECK_STR(sentence(outcome),
		  "killed by fil-profile (SIGKILL): it reached the limit of 2.0 GiB that --limit "
		  "set");
	outcome.breach.metric = CEILING_ALLOCATED;
	CHECK_STR(sentence(outcome),
		  "killed by fil-profile (SIGKILL): it reached the limit of 2.0 GiB that --limit "
		  "set for what it asks for");
}

static void says_which_allocation_failed(void)
{
	struct outcome outcome = {
		.verdict = VERDICT_ALLOCATION_FAILED,
		.failed_bytes = (uint64_t)1 << 40,
		.exit_status = 1,
	};
	CHECK_STR(sentence(outcome),
		  "an allocation of 1.0 TiB failed, then it exited with status 1");
	outcome.signal = 6;
	CHECK_STR(sentence(outcome),
		  "an allocation of 1.0 TiB failed, then it was killed by signal 6 (SIGABRT)");
}

static void names_signals(void)
{
	CHECK_STR(signal_name(1).text, "SIGHUP");
	CHECK_STR(signal_name(31).text, "SIGSYS");
	CHECK_STR(signal_name(32).text, "SIG32");
	CHECK_STR(signal_name(34).text, "SIGRTMIN");
	CHECK_STR(signal_name(35).text, "SIGRTMIN+1");
	CHECK_STR(signal_name(64).text, "SIGRTMAX");
	CHECK_STR(signal_name(0).text, "signal 0");
	CHECK_STR(signal_name(65).text, "signal 65");
	CHECK_STR(signal_name(INT32_MIN).text, "signal -2147483648");
}

static void out_of_memory_shows_the_end(void)
{
	struct profile profile = { .outcome.verdict = VERDICT_EXITED };
	CHECK_INT(report_default_measure(&profile), MEASURE_PEAK);
	profile.outcome.verdict = VERDICT_OOM_LIKELY;
	CHECK_INT(report_default_measure(&profile), MEASURE_END);
	profile.outcome.verdict = VERDICT_RUNNING;
	profile.moment = MOMENT_OUT_OF_MEMORY;
	CHECK_INT(report_default_measure(&profile), MEASURE_END);
}

int main(void)
{
	RUN(says_how_it_ended);
	RUN(says_what_a_picture_in_advance_knows);
	RUN(says_who_killed_it);
	RUN(says_what_is_left_of_a_lost_one);
	RUN(says_that_the_ceiling_was_reached);
	RUN(says_which_allocation_failed);
	RUN(names_signals);
	RUN(out_of_memory_shows_the_end);
	return test_done();
}
