// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/signals.h"

#include "core/host/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/uapi/asm-generic/siginfo.h */
#define CODE_KERNEL 0x80
#define CODE_USER 0
#define CODE_QUEUE (-1)
#define CODE_TKILL (-6)

/** Descriptors that a supervisor and its reports need at most. */
#define DESCRIPTORS_WANTED 64

#define ALL_SIGNALS (~(uint64_t)0)

static uint64_t bit_of(int signal)
{
	return (uint64_t)1 << (signal - 1);
}

/** The system call itself: a libc would keep its own signals out of the set. */
static void mask_swap(uint64_t mask, uint64_t *ret_before)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, ret_before, sizeof(mask));
}

/**
 * At least wanted, if we may: above the hard limit only with the privilege. The rest is as it was.
 */
static void limit_raise(int resource, rlim_t wanted, struct rlimit *ret_before)
{
	if (getrlimit(resource, ret_before) < 0) {
		*ret_before = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
		return;
	}
	struct rlimit more = *ret_before;
	more.rlim_cur = more.rlim_max < wanted ? wanted : more.rlim_max;
	more.rlim_max = more.rlim_cur;
	if (setrlimit(resource, &more) < 0) {
		more = (struct rlimit){ ret_before->rlim_max, ret_before->rlim_max };
		setrlimit(resource, &more);
	}
}

int signals_open(struct signals *signals)
{
	sigset_t all;
	struct sigaction standard = { .sa_handler = SIG_DFL };
	*signals = (struct signals){ .fd = -1, .is_open = true };
	limit_raise(RLIMIT_FSIZE, RLIM_INFINITY, &signals->inherited_fsize);
	limit_raise(RLIMIT_NOFILE, DESCRIPTORS_WANTED, &signals->inherited_nofile);
	mask_swap(ALL_SIGNALS, &signals->inherited_mask);
	sigaction(SIGCHLD, &standard, &signals->inherited_sigchld);
	memset(&all, 0xff, sizeof(all));
	signals->fd = fd_above_stdio(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
	return signals->fd < 0 ? -1 : 0;
}

void signals_restore(const struct signals *signals)
{
	setrlimit(RLIMIT_FSIZE, &signals->inherited_fsize);
	setrlimit(RLIMIT_NOFILE, &signals->inherited_nofile);
	sigaction(SIGCHLD, &signals->inherited_sigchld, NULL);
	mask_swap(signals->inherited_mask, NULL);
}

void signals_close(struct signals *signals)
{
	if (signals->is_open) {
		signals_restore(signals);
		fd_close(&signals->fd);
		signals->is_open = false;
	}
}

bool signals_read(const struct signals *signals, struct signalfd_siginfo *ret_info)
{
	ssize_t got;
	do {
		got = read(signals->fd, ret_info, sizeof(*ret_info));
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*ret_info);
}

void signals_discard(const struct signals *signals)
{
	struct signalfd_siginfo info;
	while (signals->fd >= 0 && signals_read(signals, &info)) {
	}
}

void signals_allow_quit(const struct signals *signals)
{
	signals_discard(signals);
	mask_swap(ALL_SIGNALS & ~bit_of(SIGQUIT), NULL);
}

static enum signal_meaning classify_kernel(int signal, bool is_leader)
{
	switch (signal) {
	case SIGALRM:
	case SIGVTALRM:
	case SIGPROF:
		/* We set no timer: it was set before we were executed, as in
		   perl -e 'alarm 9; exec ...', and a forked workload has not inherited it. */
		return SIGNAL_DIRECT;
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return SIGNAL_TERMINAL_STOP;
	case SIGCONT:
		return SIGNAL_CONTINUE;
	case SIGHUP:
		/* To the group as well, but only after the leader has died of it. */
		return is_leader ? SIGNAL_DIRECT : SIGNAL_IGNORED;
	default:
		return SIGNAL_IGNORED;
	}
}

enum signal_meaning signal_classify(const struct signalfd_siginfo *info, pid_t own_pid,
				    pid_t workload_pid, bool is_leader)
{
	int signal = (int)info->ssi_signo;
	int code = info->ssi_code;
	pid_t sender = (pid_t)info->ssi_pid;
	if (signal == SIGCHLD) {
		return SIGNAL_CHILD;
	}
	if (code == CODE_KERNEL) {
		return classify_kernel(signal, is_leader);
	}
	if (code != CODE_USER && code != CODE_QUEUE && code != CODE_TKILL) {
		return SIGNAL_IGNORED;
	}
	if (signal == SIGUSR2) {
		return SIGNAL_SNAPSHOT;
	}
	if (signal == SIGCONT) {
		return SIGNAL_CONTINUE;
	}
	/*
	 * Our own: a SIGPIPE, say. The workload's: to its parent or its group; it has had its own.
	 */
	if (sender == own_pid || sender == workload_pid) {
		return SIGNAL_IGNORED;
	}
	return code == CODE_USER ? SIGNAL_ADDRESSED : SIGNAL_DIRECT;
}

void signal_forward(const struct signalfd_siginfo *info, pid_t workload_pid)
{
	if (info->ssi_code == CODE_QUEUE) {
		union sigval value = { .sival_ptr = (void *)(uintptr_t)info->ssi_ptr };
		sigqueue(workload_pid, (int)info->ssi_signo, value);
	} else {
		kill(workload_pid, (int)info->ssi_signo);
	}
}

void signal_stop_self(int signal)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction inherited;
	uint64_t blocked;
	sigaction(signal, &standard, &inherited);
	kill(getpid(), signal);
	mask_swap(ALL_SIGNALS & ~bit_of(signal), &blocked);
	mask_swap(blocked, NULL);
	sigaction(signal, &inherited, NULL);
}
