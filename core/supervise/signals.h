// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The signals of the supervisor: all blocked and read from a signalfd, so that no disposition is
 * touched (but SIGCHLD's, whose SIG_IGN would cost us the exit status) and what the workload
 * inherits is what we inherited.
 *
 * Who meant whom: a signal from the kernel (SI_KERNEL) came from the terminal to the whole
 * foreground group, the workload included; forwarding it would deliver it twice. One from a process
 * was meant for us alone, or for our whole process group or cgroup; the witness (witness.h) tells.
 */
#ifndef CORE_SUPERVISE_SIGNALS_H
#define CORE_SUPERVISE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/** What we inherited and have to give back, and where signals arrive now. */
struct signals {
	/** All 64 bits as the kernel has them: a libc hides those it uses itself. */
	uint64_t inherited_mask;
	struct sigaction inherited_sigchld;
	struct rlimit inherited_fsize;
	struct rlimit inherited_nofile;
	/** Non-blocking signalfd of all signals. */
	int fd;
	bool is_open;
};

/**
 * Take the process's signals over: block all, SIGCHLD to its default; and raise the limits that
 * would hinder us and not the workload (RLIMIT_FSIZE, RLIMIT_NOFILE) as far as that is allowed.
 * 0 or -1 with errno.
 */
int signals_open(struct signals *signals);

/** Give everything back: in the child before exec, and at the end. Async-signal-safe. */
void signals_restore(const struct signals *signals);

/** Close and restore. */
void signals_close(struct signals *signals);

/** Next signal that has arrived. False if there is none. */
bool signals_read(const struct signals *signals, struct signalfd_siginfo *ret_info);

/**
 * Drop what has arrived, and let SIGQUIT end us: the workload has ended, and its report is stuck.
 */
void signals_allow_quit(const struct signals *signals);

/** Drop what has arrived: it was for the workload, which has ended. */
void signals_discard(const struct signals *signals);

enum signal_meaning {
	/** Nothing to do: it went to the workload, too, or concerns only us. */
	SIGNAL_IGNORED,
	/** Some child changed state. */
	SIGNAL_CHILD,
	/** A report is wanted. */
	SIGNAL_SNAPSHOT,
	/** The terminal told the foreground group to stop. */
	SIGNAL_TERMINAL_STOP,
	/** Somebody wants us, or the group, to go on. */
	SIGNAL_CONTINUE,
	/** Meant for us alone: the workload gets it. */
	SIGNAL_DIRECT,
	/** Sent by kill(2): to us alone, or to a group in which the workload is. */
	SIGNAL_ADDRESSED,
};

/**
 * What a signal means. is_leader: we lead the session (a terminal's hang-up goes to the leader
 * only).
 */
enum signal_meaning signal_classify(const struct signalfd_siginfo *info, pid_t own_pid,
				    pid_t workload_pid, bool is_leader);

/** Send it on as it came, with the value that came with it. */
void signal_forward(const struct signalfd_siginfo *info, pid_t workload_pid);

/**
 * Stop this process by a job-control signal, as if it had never been blocked. Returns after
 * SIGCONT.
 */
void signal_stop_self(int signal);

#endif
