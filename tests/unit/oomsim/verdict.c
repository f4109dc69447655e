// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/verdict.h"

#include "tests/unit/test.h"

#include <signal.h>

/* A status as waitpid gives it (the encoding is the same on all Linux architectures). */
#define EXITED(status) ((status) << 8)
#define KILLED(signal) (signal)

static const struct oom_counters still = { 5, 7, 9 };
static const struct refusals none = { 0, 0, 0 };

static enum verdict decide(int status, struct oom_counters after, struct refusals refusals)
{
	return verdict_decide(status, &still, &after, &refusals);
}

static void plain_ends(void)
{
	CHECK_INT(decide(EXITED(0), still, none), VERDICT_EXITED);
	CHECK_INT(decide(EXITED(3), still, none), VERDICT_EXITED);
	CHECK_INT(decide(KILLED(SIGSEGV), still, none), VERDICT_SIGNALED);
	CHECK_INT(decide(KILLED(SIGSEGV) | 0x80, still, none), VERDICT_SIGNALED);
	CHECK_INT(decide(SIGSTOP << 8 | 0x7f, still, none), VERDICT_UNKNOWN);
}

static void sigkill_by_whom(void)
{
	struct oom_counters unknown = { -1, -1, -1 };
	CHECK_INT(decide(KILLED(SIGKILL), still, none), VERDICT_KILLED_BY_OTHER);
	CHECK_INT(decide(KILLED(SIGKILL), (struct oom_counters){ 6, 8, 10 }, none),
		  VERDICT_OOM_CONFIRMED);
	CHECK_INT(decide(KILLED(SIGKILL), (struct oom_counters){ 5, 8, 10 }, none),
		  VERDICT_OOM_LIKELY);
	CHECK_INT(decide(KILLED(SIGKILL), (struct oom_counters){ 5, 7, 10 }, none),
		  VERDICT_OOM_LIKELY);
	CHECK_INT(decide(KILLED(SIGKILL), unknown, none), VERDICT_KILLED_BY_OTHER);
	CHECK_INT(verdict_decide(KILLED(SIGKILL), &unknown, &still, &none),
		  VERDICT_KILLED_BY_OTHER);
}

static void counters_do_not_matter_to_other_ends(void)
{
	struct oom_counters moved = { 6, 8, 10 };
	CHECK_INT(decide(EXITED(137), moved, none), VERDICT_EXITED);
	CHECK_INT(decide(KILLED(SIGTERM), moved, none), VERDICT_SIGNALED);
}

static void refused_allocation_is_the_reason_of_a_failure_that_follows(void)
{
	struct refusals fresh = { 1, 500, 2000 };
	struct refusals stale = { 3, 500, 501 + REFUSAL_STALE_ALLOCATIONS };
	CHECK_INT(decide(EXITED(1), still, fresh), VERDICT_ALLOCATION_FAILED);
	CHECK_INT(decide(KILLED(SIGABRT), still, fresh), VERDICT_ALLOCATION_FAILED);
	CHECK_INT(decide(KILLED(SIGSEGV), still, fresh), VERDICT_ALLOCATION_FAILED);
	CHECK_INT(decide(EXITED(1), still, stale), VERDICT_EXITED);
	CHECK_INT(decide(KILLED(SIGABRT), still, stale), VERDICT_SIGNALED);
}

static void refused_allocation_that_was_handled_is_no_failure(void)
{
	struct refusals fresh = { 1, 500, 2000 };
	CHECK_INT(decide(EXITED(0), still, fresh), VERDICT_EXITED);
	CHECK_INT(decide(KILLED(SIGTERM), still, fresh), VERDICT_SIGNALED);
	CHECK_INT(decide(KILLED(SIGINT), still, fresh), VERDICT_SIGNALED);
	CHECK_INT(decide(KILLED(SIGKILL), still, fresh), VERDICT_KILLED_BY_OTHER);
}

static void movement_of_counters(void)
{
	CHECK_INT(oom_moved(2, 5), 3);
	CHECK_INT(oom_moved(5, 5), 0);
	CHECK_INT(oom_moved(5, 2), 0);
	CHECK_INT(oom_moved(-1, 5), 0);
	CHECK_INT(oom_moved(0, -1), 0);
}

int main(void)
{
	RUN(plain_ends);
	RUN(sigkill_by_whom);
	RUN(counters_do_not_matter_to_other_ends);
	RUN(refused_allocation_is_the_reason_of_a_failure_that_follows);
	RUN(refused_allocation_that_was_handled_is_no_failure);
	RUN(movement_of_counters);
	return test_done();
}
