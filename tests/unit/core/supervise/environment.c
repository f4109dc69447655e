// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/environment.h"

#include "tests/unit/test.h"

static void two_entries_are_appended(void)
{
	char *const envp[] = { "A=1", "B=", NULL };
	char **environment = environment_new(envp, "/proc/7/fd/3", "/proc/7/fd/4");
	REQUIRE(environment);
	CHECK(environment[0] == envp[0] && environment[1] == envp[1]);
	CHECK_STR(environment[2], "LD_PRELOAD=/proc/7/fd/3");
	CHECK_STR(environment[3], "FIL_SEGMENT=/proc/7/fd/4");
	CHECK(!environment[4]);
	environment_free(environment);
}

static void preloads_that_were_there_come_after_the_hook(void)
{
	char *const envp[] = { "LD_PRELOAD=/first.so", "X=1", "LD_PRELOAD=/a.so:/b.so", NULL };
	char **environment = environment_new(envp, "/h", "/s");
	REQUIRE(environment);
	CHECK_STR(environment[0], "LD_PRELOAD=/h:/first.so");
	CHECK_STR(environment[1], "X=1");
	CHECK_STR(environment[2], "LD_PRELOAD=/h:/a.so:/b.so");
	CHECK_STR(environment[3], "FIL_SEGMENT=/s");
	CHECK(!environment[4]);
	environment_free(environment);
}

static void empty_preload_can_be_told_from_none(void)
{
	char *const envp[] = { "LD_PRELOAD=", NULL };
	char **environment = environment_new(envp, "/h", "/s");
	REQUIRE(environment);
	CHECK_STR(environment[0], "LD_PRELOAD=/h:");
	CHECK_STR(environment[1], "FIL_SEGMENT=/s");
	environment_free(environment);
}

static void no_hook_no_preload(void)
{
	char *const envp[] = { NULL };
	char **environment = environment_new(envp, NULL, "/s");
	REQUIRE(environment);
	CHECK_STR(environment[0], "FIL_SEGMENT=/s");
	CHECK(!environment[1]);
	environment_free(environment);
}

int main(void)
{
	RUN(two_entries_are_appended);
	RUN(preloads_that_were_there_come_after_the_hook);
	RUN(empty_preload_can_be_told_from_none);
	RUN(no_hook_no_preload);
	return test_done();
}
