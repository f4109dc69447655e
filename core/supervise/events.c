// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/events.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/host/proc.h"
#include "core/shm/ledger.h"
#include "core/supervise/breach.h"
#include "core/supervise/program.h"
#include "core/supervise/reaper.h"
#include "core/supervise/run_info.h"
#include "core/supervise/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

enum event {
	EVENT_WORKLOAD_ENDED,
	EVENT_WORKLOAD_STOPPED,
	EVENT_WORKLOAD_CONTINUED,
	/** A signal for the workload alone. */
	EVENT_SIGNAL,
	/** We, or our group, are to go on. */
	EVENT_SIGNAL_CONTINUE,
	EVENT_COUNT
};

/** What an event brings along. */
struct event_data {
	int wait_status;
	struct signalfd_siginfo info;
};

typedef void action(struct supervisor *s, const struct event_data *data);

static void do_nothing(struct supervisor *s, const struct event_data *data)
{
	(void)s;
	(void)data;
}

static void do_end(struct supervisor *s, const struct event_data *data)
{
	s->wait_status = data->wait_status;
	s->state = STATE_ENDED;
	s->end_ms = sampler_now_ms();
	sampler_finish(&s->sampler, s->end_ms);
	/* Whom we have killed with it may not be gone yet. */
	s->survivors = s->is_killed_by_us
		? 0
		: descendants_survivors(&s->descendants, s->passing.segment_fd);
	run_info_update(s);
	signals_allow_quit(&s->signals);
}

/**
 * Job control reaches us through the workload: once it has stopped, the shell is to see us stopped.
 */
static bool stop_is_for_the_group(const struct supervisor *s, int signal)
{
	/* A SIGSTOP is somebody's who wants this one process to stop, unless the workload does it
	   to itself after its own handler of SIGTSTP. */
	return getpgid(s->pid) == getpgrp() && (signal != SIGSTOP || s->terminal_stop_seen);
}

static void do_stop(struct supervisor *s, const struct event_data *data)
{
	int signal = WSTOPSIG(data->wait_status);
	s->state = STATE_STOPPED;
	if (stop_is_for_the_group(s, signal)) {
		s->terminal_stop_seen = false;
		signal_stop_self(signal);
	}
}

static void do_run(struct supervisor *s, const struct event_data *data)
{
	(void)data;
	s->state = STATE_RUNNING;
	s->terminal_stop_seen = false;
	breach_continue(s);
}

static void do_forward(struct supervisor *s, const struct event_data *data)
{
	signal_forward(&data->info, s->pid);
}

/** The shell's SIGCONT went to the whole group; somebody's to us alone has to be passed on. */
static void do_continue(struct supervisor *s, const struct event_data *data)
{
	struct proc_stat stat;
	(void)data;
	if (!proc_read_stat(s->proc_root, s->pid, &stat) || stat.state == 'T') {
		kill(s->pid, SIGCONT);
	}
}

static action *const actions[STATE_COUNT][EVENT_COUNT] = {
	[STATE_RUNNING] = {
		[EVENT_WORKLOAD_ENDED] = do_end,
		[EVENT_WORKLOAD_STOPPED] = do_stop,
		[EVENT_WORKLOAD_CONTINUED] = do_run,
		[EVENT_SIGNAL] = do_forward,
		[EVENT_SIGNAL_CONTINUE] = do_continue,
	},
	[STATE_STOPPED] = {
		[EVENT_WORKLOAD_ENDED] = do_end,
		[EVENT_WORKLOAD_STOPPED] = do_nothing,
		[EVENT_WORKLOAD_CONTINUED] = do_run,
		[EVENT_SIGNAL] = do_forward,
		[EVENT_SIGNAL_CONTINUE] = do_continue,
	},
	[STATE_ENDED] = {
		[EVENT_WORKLOAD_ENDED] = do_nothing,
		[EVENT_WORKLOAD_STOPPED] = do_nothing,
		[EVENT_WORKLOAD_CONTINUED] = do_nothing,
		[EVENT_SIGNAL] = do_nothing,
		[EVENT_SIGNAL_CONTINUE] = do_nothing,
	},
};

static void happen(struct supervisor *s, enum event event, const struct event_data *data)
{
	actions[s->state][event](s, data);
}

/** Once it is waited for, nothing of it is left in /proc. */
static void keep_last_status(struct supervisor *s)
{
	siginfo_t ended = { 0 };
	if (waitid(P_PID, (id_t)s->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid) {
		program_keep_status(s);
	}
}

/** One change of state of the workload. False if there is none. */
static bool wait_once(struct supervisor *s)
{
	struct event_data data = { 0 };
	pid_t pid;
	keep_last_status(s);
	do {
		pid = wait4(s->pid, &data.wait_status, WNOHANG | WUNTRACED | WCONTINUED, &s->usage);
	} while (pid < 0 && errno == EINTR);
	if (pid != s->pid) {
		return false;
	}
	if (WIFSTOPPED(data.wait_status)) {
		happen(s, EVENT_WORKLOAD_STOPPED, &data);
	} else if (WIFCONTINUED(data.wait_status)) {
		happen(s, EVENT_WORKLOAD_CONTINUED, &data);
	} else {
		happen(s, EVENT_WORKLOAD_ENDED, &data);
	}
	return true;
}

/** Has a process ended that the caller has forked? Orphans are waited for first. */
static bool callers_child_has_ended(const struct supervisor *s)
{
	siginfo_t ended = { 0 };
	if (s->is_reaper) {
		return reaper_reap(s->proc_root, s->pid, s->witness.pid);
	}
	return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid
		&& ended.si_pid != s->pid && ended.si_pid != s->witness.pid;
}

/** Signals that were held back and turned out to be ours alone. */
static void handle_held(struct supervisor *s)
{
	struct event_data data;
	uint64_t now_ms = sampler_now_ms();
	witness_listen(&s->witness, now_ms);
	while (witness_release(&s->witness, now_ms, &data.info)) {
		happen(s, EVENT_SIGNAL, &data);
	}
}

static void handle_children(struct supervisor *s)
{
	while (s->state != STATE_ENDED && wait_once(s)) {
	}
	if (s->witness.pid && waitpid(s->witness.pid, NULL, WNOHANG) == s->witness.pid) {
		witness_lost(&s->witness);
		/* Now: what comes next is not held back, and would overtake these. */
		handle_held(s);
	}
	if (s->state == STATE_ENDED) {
		return;
	}
	s->child_ended |= callers_child_has_ended(s);
}

/** Has the workload its own copy, or is that still to be found out? */
static bool is_shared(struct supervisor *s, const struct signalfd_siginfo *info)
{
	/* A workload that has left our group gets nothing that is sent to the group. */
	return getpgid(s->pid) == getpgrp() && !witness_judge(&s->witness, info, sampler_now_ms());
}

static void handle_signal(struct supervisor *s, const struct signalfd_siginfo *info)
{
	struct event_data data = { .info = *info };
	switch (signal_classify(info, getpid(), s->pid, getsid(0) == getpid())) {
	case SIGNAL_SNAPSHOT:
		s->wants_snapshot = true;
		break;
	case SIGNAL_TERMINAL_STOP:
		s->terminal_stop_seen = true;
		break;
	case SIGNAL_CONTINUE:
		happen(s, EVENT_SIGNAL_CONTINUE, &data);
		break;
	case SIGNAL_ADDRESSED:
		if (is_shared(s, info)) {
			break;
		}
		/* fall through */
	case SIGNAL_DIRECT:
		happen(s, EVENT_SIGNAL, &data);
		break;
	case SIGNAL_CHILD: /* whatever woke us, the children are looked at */
	case SIGNAL_IGNORED:
		break;
	}
}

static void handle_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;
	uint64_t now_ms = sampler_now_ms();
	while (signals_read(&s->signals, &info)) {
		handle_signal(s, &info);
	}
	witness_forget(&s->witness, now_ms);
}

/** Note refusals as they happen: at the end it matters how long ago the last one was. */
static void note_refusals(struct supervisor *s)
{
	uint64_t count = load_relaxed(&s->passing.slot->failed_count);
	s->refusals.allocations_at_end = ledger_sum(s->passing.header).allocations;
	if (count != s->refusals.count) {
		s->refusals.count = count;
		s->refusals.allocations_then = s->refusals.allocations_at_end;
	}
}

static void handle_request(struct supervisor *s)
{
	struct request *request = &s->passing.slot->request;
	/* Pairs with the CAS by which a hook posts: what it wrote before is there. */
	uint32_t kind = load_acquire(&request->kind);
	uint32_t serial = load_relaxed(&request->serial);
	s->wants_snapshot |= kind == REQUEST_SNAPSHOT;
	s->wants_scope |= kind == REQUEST_SCOPE;
	if (kind == REQUEST_BREACH && serial != s->serial_seen) {
		s->serial_seen = serial;
		breach_posted(s);
	} else if (kind == REQUEST_BREACH) {
		return;
	} else if (kind == REQUEST_FAULTS) {
		fault_counter_request(s, load_relaxed(&request->bytes));
		supervise_answer(s);
	} else if (kind == REQUEST_FAILED_ALLOCATION) {
		s->wants_failed |= serial != s->serial_seen;
		s->serial_seen = serial;
	} else if (kind != REQUEST_NONE) {
		supervise_answer(s);
	}
}

/** The hook has found that what it followed so far only led to Python. */
static void forget_launchers(struct supervisor *s)
{
	uint32_t launchers = load_relaxed(&s->passing.header->launchers);
	if (launchers != s->launchers_seen) {
		s->launchers_seen = launchers;
		descendants_forget(&s->descendants);
	}
}

/** Where a ceiling is near children take what they take at once: they are not waited for. */
static bool are_children_due(struct supervisor *s, uint64_t now_ms)
{
	uint64_t children = load_relaxed(&s->passing.header->children);
	bool is_news = s->ceiling.metric != CEILING_NONE && children != s->children_seen;
	s->children_seen = children;
	return is_news || now_ms >= s->descendants.next_ms;
}

static void look(struct supervisor *s)
{
	uint64_t now_ms = sampler_now_ms();
	forget_launchers(s);
	/* First: who has just been found counts. */
	if (are_children_due(s, now_ms)) {
		descendants_look(&s->descendants, now_ms);
	}
	if (now_ms >= s->sampler.next_ms) {
		sampler_look(&s->sampler, &s->descendants, now_ms);
		breach_look(s);
		fault_counter_look(s);
		run_info_update(s);
	}
	picture_look(s, now_ms);
}

/** Milliseconds until something is due. */
static int time_left_ms(const struct supervisor *s)
{
	uint64_t now_ms = sampler_now_ms();
	uint64_t due_ms = witness_deadline_ms(&s->witness);
	due_ms = s->sampler.next_ms < due_ms ? s->sampler.next_ms : due_ms;
	due_ms = s->picture.watch.next_ms < due_ms ? s->picture.watch.next_ms : due_ms;
	due_ms = s->descendants.next_ms < due_ms ? s->descendants.next_ms : due_ms;
	return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

void events_wait(struct supervisor *s)
{
	struct pollfd polled[] = {
		{ .fd = s->signals.fd, .events = POLLIN },
		{ .fd = s->doorbell.event_fd, .events = POLLIN },
		{ .fd = s->witness.fd, .events = POLLIN },
	};
	poll(polled, countof(polled), time_left_ms(s));
	if (polled[1].revents) {
		doorbell_clear(&s->doorbell);
	}
	handle_request(s);
	note_refusals(s);
	handle_signals(s);
	handle_held(s);
	handle_children(s);
	if (s->state != STATE_ENDED) {
		look(s);
	}
}
