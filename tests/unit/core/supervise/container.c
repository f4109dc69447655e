// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* As process 1 of a PID namespace with its own /proc: a container. Needs the right to make one. */
#include "core/host/proc.h"
#include "tests/unit/core/supervise/signalling.h"

#include <sched.h>
#include <sys/mount.h>

/** Run body as process 1; its exit status, or 128 + the signal that ended it. */
static int in_container(int (*body)(void))
{
	fflush(stdout);
	pid_t outer = fork();
	if (outer == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) {
			_exit(77);
		}
		pid_t first = fork();
		if (first == 0) {
			if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
			    || mount("proc", "/proc", "proc", 0, NULL) < 0) {
				_exit(77);
			}
			exit(body());
		}
		int status;
		waitpid(first, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	int status;
	REQUIRE(waitpid(outer, &status, 0) == outer);
	return WEXITSTATUS(status);
}

/** An orphan is reaped while the workload runs, and the workload's own status is passed on. */
static int reap_and_exit(void)
{
	int pids[2];
	int gate[2];
	char number[16] = "";
	struct proc_stat stat;
	REQUIRE(getpid() == 1 && pipe(pids) == 0 && pipe2(gate, O_CLOEXEC) == 0);
	dup2(gate[0], STDIN_FILENO);
	dup2(pids[1], 9);
	struct supervisor *supervisor = run_shell("(true & echo $! >&9); cat; exit 6");
	REQUIRE(read(pids[0], number, sizeof(number) - 1) > 0);
	while (proc_read_stat("", atoi(number), &stat)) {
		kill(1, SIGUSR2);
		REQUIRE(supervise_next(supervisor) == SUPERVISE_SNAPSHOT);
	}
	close(gate[1]);
	struct outcome outcome = run_end(supervisor);
	supervise_die_as(&outcome);
}

static int die_of_signal(void)
{
	struct outcome outcome = run_end(run_shell("kill -TERM $$"));
	supervise_die_as(&outcome);
}

/** docker stop: a SIGTERM to process 1, which would ignore it, has to reach the workload. */
static int be_stopped(void)
{
	int ends[2];
	pid_t workload;
	char *argv[] = { "workload", "15", NULL };
	REQUIRE(pipe(ends) == 0);
	int from_workload = fcntl(ends[0], F_DUPFD_CLOEXEC, 20);
	REQUIRE(dup2(ends[1], READY_FD) == READY_FD);
	struct supervisor *supervisor = run_program("/proc/self/exe", argv);
	REQUIRE(read(from_workload, &workload, sizeof(workload)) == sizeof(workload));
	/* Process 1 may not signal itself from outside; its child's child plays the part. */
	pid_t outside = fork();
	if (outside == 0) {
		kill(1, SIGTERM);
		kill(1, FENCE);
		_exit(0);
	}
	struct outcome outcome = run_end(supervisor);
	waitpid(outside, NULL, 0);
	/* A failed check here would end with 1, too. */
	outcome.exit_status += 40;
	supervise_die_as(&outcome);
}

static void workload_in_a_container(void)
{
	int status = in_container(reap_and_exit);
	if (status == 77) {
		SKIP("no PID namespace can be made here (needs root)");
	}
	CHECK_INT(status, 6);
	CHECK_INT(in_container(die_of_signal), 128 + SIGTERM);
	CHECK_INT(in_container(be_stopped), 41);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		return count_until_fence(atoi(argv[1]));
	}
	RUN(workload_in_a_container);
	return test_done();
}
