// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/worker.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int return_number(void *context)
{
	return *(int *)context;
}

static int abort_itself(void *context)
{
	(void)context;
	abort();
}

/* Until somebody closes the other end of a pipe. */
static int wait_for_end(void *context)
{
	int *ends = context;
	char byte;

	close(ends[1]);
	return read(ends[0], &byte, 1) == 0 ? 5 : 6;
}

static int take_signals(void *context)
{
	(void)context;
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGXFSZ);
	return 7;
}

static int tell_bounds(void *context)
{
	struct rlimit memory, cpu, core;

	(void)context;
	getrlimit(RLIMIT_AS, &memory);
	getrlimit(RLIMIT_CPU, &cpu);
	getrlimit(RLIMIT_CORE, &core);
	return (memory.rlim_cur != RLIM_INFINITY) | (cpu.rlim_cur != RLIM_INFINITY) << 1 |
	       (core.rlim_max == 0) << 2;
}

static int run(int (*work)(void *context), void *context)
{
	struct worker worker;

	REQUIRE(worker_start(&worker, work, context) == 0);
	return worker_wait(&worker, -1);
}

static void gives_its_result(void)
{
	CHECK_INT(run(return_number, &(int){0}), 0);
	CHECK_INT(run(return_number, &(int){42}), 42);
}

static void tells_what_killed_it(void)
{
	CHECK_INT(run(abort_itself, NULL), 256 + SIGABRT);
}

static void is_not_reached_by_signals(void)
{
	CHECK_INT(run(take_signals, NULL), 7);
}

static void is_bounded(void)
{
#ifdef __SANITIZE_ADDRESS__
	/* The sanitizer's own tables need more address space than there is memory. */
	CHECK_INT(run(tell_bounds, NULL), 6);
#else
	CHECK_INT(run(tell_bounds, NULL), 7);
#endif
}

static void is_waited_for_or_looked_at(void)
{
	struct worker worker;
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	REQUIRE(worker_start(&worker, wait_for_end, ends) == 0);
	close(ends[0]);
	CHECK_INT(worker_wait(&worker, 0), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK(worker_is_running(&worker));
	close(ends[1]);
	CHECK_INT(worker_wait(&worker, -1), 5);
	CHECK(!worker_is_running(&worker));
}

static void can_be_ended(void)
{
	struct worker worker;
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	REQUIRE(worker_start(&worker, wait_for_end, ends) == 0);
	CHECK_INT(worker_kill(&worker), 256 + SIGKILL);
	CHECK_INT(worker_kill(&worker), -1);
	CHECK(!worker_is_running(&worker));
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
	close(ends[0]);
	close(ends[1]);
}

static void one_that_has_ended_is_not_ended_again(void)
{
	struct worker worker;

	REQUIRE(worker_start(&worker, return_number, &(int){4}) == 0);
	REQUIRE(poll(&(struct pollfd){.fd = worker.end_fd, .events = POLLIN}, 1, -1) == 1);
	CHECK_INT(worker_kill(&worker), 4);
}

static void may_be_reaped_by_somebody_else(void)
{
	struct worker worker;

	REQUIRE(worker_start(&worker, return_number, &(int){0}) == 0);
	REQUIRE(waitpid(worker.pid, NULL, 0) == worker.pid);
	CHECK_INT(worker_wait(&worker, -1), -1);
	CHECK_INT(errno, ECHILD);
	CHECK(!worker_is_running(&worker));
}

int main(void)
{
	RUN(gives_its_result);
	RUN(tells_what_killed_it);
	RUN(is_not_reached_by_signals);
	RUN(is_bounded);
	RUN(is_waited_for_or_looked_at);
	RUN(can_be_ended);
	RUN(one_that_has_ended_is_not_ended_again);
	RUN(may_be_reaped_by_somebody_else);
	return test_done();
}
