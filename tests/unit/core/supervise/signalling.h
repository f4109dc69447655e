// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A supervisor in a process group of its own, and below it a workload (this program again) that
 * counts how often it gets one signal, until the fence: a signal sent to the supervisor after all
 * others, which arrives after them however they went.
 */
#ifndef TESTS_UNIT_CORE_SUPERVISE_SIGNALLING_H
#define TESTS_UNIT_CORE_SUPERVISE_SIGNALLING_H

#include "tests/unit/core/supervise/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/** A real-time signal sent by kill: held back as long as any other, then forwarded after them. */
#define FENCE (SIGRTMAX - 1)
#define READY_FD 3
/** Added to the signal: the workload makes a session of its own before it counts. */
#define IN_OWN_SESSION 1000

/** The workload: counts the signal, ends with that number at the fence. */
__attribute__((unused)) static int count_until_fence(int counted)
{
	sigset_t set;
	int count = 0;
	if (counted > IN_OWN_SESSION) {
		counted -= IN_OWN_SESSION;
		setsid();
	}
	sigemptyset(&set);
	sigaddset(&set, counted);
	sigaddset(&set, FENCE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t self = getpid();
	if (write(READY_FD, &self, sizeof(self)) != sizeof(self)) {
		return 99;
	}
	for (;;) {
		int signal = sigwaitinfo(&set, NULL);
		if (signal == FENCE) {
			return count;
		}
		count += signal == counted;
	}
}

struct signalling {
	pid_t supervisor;
	pid_t workload;
};

/** In the supervisor's process: run the workload and end as it did. */
__attribute__((unused)) static _Noreturn void supervise_counting(int counted)
{
	char number[16];
	char *argv[] = { "workload", number, NULL };
	snprintf(number, sizeof(number), "%d", counted);
	struct supervisor *supervisor = run_program("/proc/self/exe", argv);
	struct outcome outcome = run_end(supervisor);
	supervise_die_as(&outcome);
}

/** Start both; the workload is ready to count when this returns. */
__attribute__((unused)) static struct signalling signalling_start(int counted)
{
	struct signalling started;
	int ends[2];
	/* What is in stdio's buffer would be written by the forked process, too. */
	fflush(stdout);
	REQUIRE(pipe(ends) == 0);
	started.supervisor = fork();
	if (started.supervisor == 0) {
		setpgid(0, 0);
		if (ends[1] != READY_FD) {
			dup2(ends[1], READY_FD);
			close(ends[1]);
		}
		supervise_counting(counted);
	}
	close(ends[1]);
	REQUIRE(read(ends[0], &started.workload, sizeof(pid_t)) == sizeof(pid_t));
	close(ends[0]);
	return started;
}

/**
 * Send the fence and return how many signals the workload had counted; -1 if it ended otherwise.
 */
__attribute__((unused)) static int signalling_count(const struct signalling *started)
{
	int status;
	kill(started->supervisor, FENCE);
	REQUIRE(waitpid(started->supervisor, &status, 0) == started->supervisor);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
