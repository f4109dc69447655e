// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Work in a forked child with a bound on its memory and its time, so that signals, reaping and the
 * workload never wait for it, and that nothing it runs into ends the supervisor.
 */
#ifndef CMD_WORKER_H
#define CMD_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

struct worker {
	/** 0: none. */
	pid_t pid;
	/** Read end of a pipe that ends when the worker does. */
	int end_fd;
};

/**
 * Run work(context) in a child; its result, 0 to 255, is the child's status. No signal reaches it
 * but SIGKILL; the kernel's killer prefers it to anybody else. 0, or -1 with errno.
 */
int worker_start(struct worker *worker, int (*work)(void *context), void *context);

/** True if a worker runs. */
static inline bool worker_is_running(const struct worker *worker)
{
	return worker->pid > 0;
}

/**
 * Wait up to timeout_ms for it (0: only look). Returns what work returned, 256 + N if signal N
 * ended it, or -1 with errno EAGAIN if it still runs, EINTR if a signal arrived in the meantime,
 * ECHILD if somebody else has reaped it. Unless it still runs, the worker is gone and may be
 * started again.
 */
int worker_wait(struct worker *worker, int timeout_ms);

/** End it at once. Its result as of worker_wait, 256 + SIGKILL unless it was quicker; -1: none. */
int worker_kill(struct worker *worker);

#endif
