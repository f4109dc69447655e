// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/verdict.h"

#include <signal.h>
#include <sys/wait.h>

uint64_t oom_moved(int64_t before, int64_t after)
{
	return before >= 0 && after > before ? (uint64_t)(after - before) : 0;
}

/** abort after std::bad_alloc, a NULL that was written to, an allocator that traps. */
static bool is_own_doing(int signal)
{
	return signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS || signal == SIGILL
		|| signal == SIGTRAP || signal == SIGFPE;
}

static bool refusal_is_recent(const struct refusals *refusals)
{
	return refusals->count
		&& refusals->allocations_at_end - refusals->allocations_then
			   <= REFUSAL_STALE_ALLOCATIONS;
}

static enum verdict decide_killed(const struct oom_counters *before,
				  const struct oom_counters *after)
{
	if (oom_moved(before->own, after->own)) {
		return VERDICT_OOM_CONFIRMED;
	}
	if (oom_moved(before->ancestors, after->ancestors)
	    || oom_moved(before->machine, after->machine)) {
		return VERDICT_OOM_LIKELY;
	}
	return VERDICT_KILLED_BY_OTHER;
}

enum verdict verdict_decide(int wait_status, const struct oom_counters *before,
			    const struct oom_counters *after, const struct refusals *refusals)
{
	if (WIFEXITED(wait_status)) {
		return WEXITSTATUS(wait_status) && refusal_is_recent(refusals)
			? VERDICT_ALLOCATION_FAILED
			: VERDICT_EXITED;
	}
	if (!WIFSIGNALED(wait_status)) {
		return VERDICT_UNKNOWN;
	}
	if (WTERMSIG(wait_status) == SIGKILL) {
		return decide_killed(before, after);
	}
	return is_own_doing(WTERMSIG(wait_status)) && refusal_is_recent(refusals)
		? VERDICT_ALLOCATION_FAILED
		: VERDICT_SIGNALED;
}
