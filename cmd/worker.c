// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/worker.h"

#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

/* A million stacks take some 200 MB in a profile and as much in a page made of it. */
#define MEMORY_MIN ((uint64_t)1 << 30)
#define MEMORY_MAX ((uint64_t)4 << 30)
/* Time of the processor: a report of a million stacks takes some seconds. */
#define CPU_MAX_S 300u

static uint64_t memory_bound(void)
{
	struct sysinfo info;
	uint64_t half;

#ifdef __SANITIZE_ADDRESS__
	/* The sanitizer's own tables need more address space than there is memory. */
	return RLIM_INFINITY;
#endif
	if (sysinfo(&info) != 0) {
		return MEMORY_MIN;
	}
	half = (uint64_t)info.totalram * info.mem_unit / 2;
	return half < MEMORY_MIN ? MEMORY_MIN : half > MEMORY_MAX ? MEMORY_MAX : half;
}

/* As the workload, we may be under "ulimit -f": go as far as we may. */
static void lift_file_limit(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_FSIZE, &limit);
	}
}

static void bound_self(void)
{
	sigset_t all;

	/* With SIGXFSZ and SIGPIPE blocked, a write fails with an errno instead. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	(void)file_put_text("/proc/self/oom_score_adj", "1000");
	limits_lower(RLIMIT_AS, memory_bound());
	limits_lower(RLIMIT_CPU, CPU_MAX_S);
	limits_lower(RLIMIT_CORE, 0);
	lift_file_limit();
}

int worker_start(struct worker *worker, int (*work)(void *context), void *context)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		bound_self();
		_exit(work(context));
	}
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	worker->pid = pid;
	worker->end_fd = ends[0];
	return 0;
}

static int reap(struct worker *worker)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(worker->pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	fd_close(&worker->end_fd);
	worker->pid = 0;
	if (pid < 0) {
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

int worker_wait(struct worker *worker, int timeout_ms)
{
	struct pollfd end = {.fd = worker->end_fd, .events = POLLIN};
	int ready = poll(&end, 1, timeout_ms);

	if (ready > 0) {
		return reap(worker);
	}
	if (ready == 0) {
		errno = EAGAIN;
	}
	return -1;
}

int worker_kill(struct worker *worker)
{
	if (!worker_is_running(worker)) {
		return -1;
	}
	kill(worker->pid, SIGKILL);
	return reap(worker);
}
