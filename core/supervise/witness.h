// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The witness: was a signal meant for us alone, or for many?
 *
 * kill(2) on a process group, systemd's KillMode=control-group (one kill per process of the cgroup)
 * and `pkill -f job.py` reach the workload as well as us; `kill PID`, `docker stop` and `timeout
 * --foreground` reach us alone. The siginfo of both is the same, and whether the workload has had
 * its copy cannot be seen from outside once its handler has run. Forwarding always delivers twice
 * (a second SIGTERM makes many servers drop what they do); never forwarding loses signals.
 *
 * So a child of ours sits in the same process group and cgroup, blocks all signals, and tells us
 * which it gets: what reached it as well was sent to many. A group's members are signalled within
 * one system call; somebody who goes from process to process needs a moment, so that a signal of
 * which the witness knows nothing yet is held back for WITNESS_WINDOW_MS before it is forwarded.
 *
 * It must be hit by what hits the workload and missed by what names us. It carries another name
 * ("sig-witness", in comm and in argv[0]), so that `killall fil-profile` misses it, and the rest of
 * our command line, so that `pkill -f job.py` does not. It ends when we do; if we were killed, it
 * lets those go on first that we had stopped (will.h).
 *
 * If it cannot be started, or was killed, everything is forwarded at once.
 *
 * It also dies in our stead. When the kernel has killed the workload for lack of memory, there is a
 * moment in which that counts as gone and its memory as taken: whoever of the cgroup needs a page
 * then, makes the kernel kill once more. So it is as ready to be killed as the workload, but for
 * its size: after it, and before us.
 */
#ifndef CORE_SUPERVISE_WITNESS_H
#define CORE_SUPERVISE_WITNESS_H

#include "core/supervise/will.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#define WITNESS_WINDOW_MS 50u
#define WITNESS_SIGNALS 65

struct witness {
	/** 0: there is none. */
	pid_t pid;
	/** Readable when it got a signal. */
	int fd;
	const char *proc_root;
	/**
	 * When each signal was last seen by it, on the monotonic clock; 0: not, or accounted for.
	 */
	uint64_t seen_ms[WITNESS_SIGNALS];
	/** Signals of ours held back, until when; 0: none. */
	uint64_t held_until_ms[WITNESS_SIGNALS];
	struct signalfd_siginfo held[WITNESS_SIGNALS];
};

/**
 * Start it. All signals must be blocked. will may be NULL. oom_bias is what is added to the
 * workload's oom_score_adj (child_oom_bias). Without one, witness->pid is 0.
 */
void witness_open(struct witness *witness, const char *proc_root, const struct will *will,
		  int oom_bias);

/** End it and wait for that. */
void witness_close(struct witness *witness);

/** It has died: hold nothing back any more. */
void witness_lost(struct witness *witness);

/** Take its news from the pipe, at now_ms. Signals held back that it has seen are dropped. */
void witness_listen(struct witness *witness, uint64_t now_ms);

/**
 * A signal sent by kill(2) has arrived here. True: it is ours alone as far as anybody can tell, and
 * is to be forwarded now. False: the workload has its own copy, or it is held back for now.
 */
bool witness_judge(struct witness *witness, const struct signalfd_siginfo *info, uint64_t now_ms);

/**
 * Everything that had reached us at now_ms has been judged: what the witness had seen long before
 * and we have not got was not meant for us. (Only then: we may have been slower than any window.)
 */
void witness_forget(struct witness *witness, uint64_t now_ms);

/**
 * The next signal whose time is over and that is to be forwarded now. False if there is none. While
 * it is not known of one whether the witness has it, later ones wait, too.
 */
bool witness_release(struct witness *witness, uint64_t now_ms, struct signalfd_siginfo *ret_info);

/** When witness_release or witness_forget has something to do; UINT64_MAX if neither has. */
uint64_t witness_deadline_ms(const struct witness *witness);

#endif
