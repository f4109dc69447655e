// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* From what was seen to a struct outcome; and ending as the workload did. */
#include "core/base/atomic.h"
#include "core/host/proc.h"
#include "core/supervise/breach.h"
#include "core/supervise/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t timeval_ms(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

/** How it ended: status, signal and verdict. */
static void fill_end(const struct supervisor *s, struct outcome *outcome)
{
	outcome->verdict = verdict_decide(s->wait_status, &s->sampler.kills_outlived,
					  &s->sampler.kills, &s->refusals);
	/* A counter of the machine moves for others, too; this kill was ours. */
	if (s->is_killed_by_us
	    && (outcome->verdict == VERDICT_KILLED_BY_OTHER
		|| outcome->verdict == VERDICT_OOM_LIKELY)) {
		outcome->verdict = VERDICT_CEILING;
	}
	if (WIFEXITED(s->wait_status)) {
		outcome->exit_status = WEXITSTATUS(s->wait_status);
	} else if (WIFSIGNALED(s->wait_status)) {
		outcome->signal = WTERMSIG(s->wait_status);
		outcome->core_dumped = WCOREDUMP(s->wait_status);
	}
	outcome->cpu_user_ms = timeval_ms(s->usage.ru_utime);
	outcome->cpu_system_ms = timeval_ms(s->usage.ru_stime);
}

/** What a running workload has used so far. */
static void fill_running(const struct supervisor *s, struct outcome *outcome)
{
	struct proc_stat stat;
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	if (ticks_per_s > 0 && proc_read_stat(s->proc_root, s->pid, &stat)) {
		outcome->cpu_user_ms = (int64_t)(stat.user_ticks * 1000u / (uint64_t)ticks_per_s);
		outcome->cpu_system_ms =
			(int64_t)(stat.system_ticks * 1000u / (uint64_t)ticks_per_s);
	}
}

/**
 * Processes below the workload. Looking sees programs that know no hook but misses what is short;
 * the hook sees every fork but no program that it is not in.
 */
static void fill_children(const struct supervisor *s, struct outcome *outcome)
{
	uint64_t noticed = load_relaxed(&s->passing.header->children);
	bool is_stale = load_relaxed(&s->passing.header->launchers) != s->launchers_seen;
	uint64_t seen = is_stale ? 0 : s->descendants.count;
	seen = seen > s->survivors ? seen : s->survivors;
	outcome->children = noticed > seen ? noticed : seen;
	outcome->children_max_rss_bytes = is_stale ? 0 : s->descendants.max_rss_bytes;
	outcome->survivors = s->survivors;
}

/** What the kernel charged when the ceiling was crossed, else at the highest. */
static void fill_charge(const struct supervisor *s, struct outcome *outcome)
{
	const struct sampler *sampler = &s->sampler;
	outcome->breach = breach_known(s);
	outcome->charge = s->is_killed_by_us ? s->breach_charge : sampler->highest;
	outcome->charge_file_bytes = sampler->highest_file_bytes;
	outcome->charge_tracked_bytes = sampler->highest_tracked_bytes;
}

/**
 * At the end the kernel tells the highest resident set of the workload and the children that it
 * waited for, in one number. It is the workload's own unless a child was seen to be as large.
 */
static void fill_max_rss(const struct supervisor *s, struct outcome *outcome)
{
	uint64_t kernel_bytes = (uint64_t)s->usage.ru_maxrss * 1024u;
	outcome->max_rss_bytes = s->sampler.peak_rss_bytes;
	if (kernel_bytes > outcome->max_rss_bytes
	    && kernel_bytes > outcome->children_max_rss_bytes) {
		outcome->max_rss_bytes = kernel_bytes;
	}
}

struct outcome supervise_outcome(const struct supervisor *s)
{
	const struct sampler *sampler = &s->sampler;
	bool has_ended = s->state == STATE_ENDED;
	struct outcome outcome = {
		.verdict = VERDICT_RUNNING,
		.start_unix_ms = s->start_unix_ms,
		.duration_ms = (int64_t)((has_ended ? s->end_ms : sampler_now_ms()) - s->start_ms),
		.cgroup_limit_bytes = sampler->limit_bytes,
		.cgroup_max_usage_bytes = sampler->peak_cgroup_bytes,
		.cgroup_oom_kills = oom_moved(sampler->kills_before.own, sampler->kills.own),
		.machine_oom_kills =
			oom_moved(sampler->kills_before.machine, sampler->kills.machine),
		.machine_ram_bytes = proc_machine_ram(s->proc_root),
		.failed_bytes = load_relaxed(&s->passing.slot->failed_bytes),
		.failed_count = load_relaxed(&s->passing.slot->failed_count),
	};
	if (has_ended) {
		fill_end(s, &outcome);
	} else {
		fill_running(s, &outcome);
	}
	fill_children(s, &outcome);
	fill_max_rss(s, &outcome);
	fill_charge(s, &outcome);
	return outcome;
}

/** No core of ours: neither a file nor a pipe to a handler (that one ignores the limit). */
static void forbid_core(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void die_by(int signal)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t only;
	forbid_core();
	sigaction(signal, &standard, NULL);
	sigemptyset(&only);
	sigaddset(&only, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

_Noreturn void supervise_die_as(const struct outcome *outcome)
{
	if (outcome->verdict == VERDICT_RUNNING || outcome->verdict == VERDICT_UNKNOWN) {
		exit(125);
	}
	if (outcome->signal) {
		/* The first process of a container ignores signals that it does not handle. */
		if (getpid() != 1) {
			die_by(outcome->signal);
		}
		exit(128 + outcome->signal);
	}
	exit(outcome->exit_status);
}
