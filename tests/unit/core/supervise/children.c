// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Children of the workload: counted, measured, and those that outlive it. */
#include "core/host/file.h"
#include "core/host/proc.h"
#include "core/supervise/descendants.h"
#include "tests/unit/core/supervise/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/** The workload's and its children's standard input: empty but open until gate_close. */
static int gate = -1;

static void gate_open(void)
{
	int ends[2];
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0
		&& dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
	close(ends[0]);
	gate = ends[1];
}

/** Everybody who reads from the gate goes on. */
static void gate_close(void)
{
	shutdown(gate, SHUT_WR);
}

/** The same, and wait until they have ended: the next test is to find none of them. */
static void gate_close_and_wait(void)
{
	char byte;
	gate_close();
	REQUIRE(freopen("/dev/null", "r", stdin));
	REQUIRE(read(gate, &byte, 1) == 0);
}

/** One round of the supervisor's; the workload is to run still. */
static void turn(struct supervisor *supervisor)
{
	kill(getpid(), SIGUSR2);
	REQUIRE(supervise_next(supervisor) == SUPERVISE_SNAPSHOT);
}

static void child_is_seen(void)
{
	gate_open();
	struct supervisor *supervisor = run_shell("cat; exit 5");
	/* The workload is given the end of its input when its child has been counted. */
	while (supervise_outcome(supervisor).children == 0) {
		turn(supervisor);
	}
	gate_close();
	struct outcome outcome = run_end(supervisor);
	CHECK_INT(outcome.exit_status, 5);
	CHECK_INT(outcome.children, 1);
	CHECK(outcome.children_max_rss_bytes > 0);
	CHECK_INT(outcome.survivors, 0);
}

static bool is_zombie(pid_t pid)
{
	struct proc_stat stat;
	return proc_read_stat("", pid, &stat) && stat.state == 'Z';
}

/** A workload that does not wait for its children: each is counted once, however often we look. */
static void zombie_is_counted_once(void)
{
	gate_open();
	struct supervisor *supervisor = run_shell("true & exec cat");
	struct descendants seen;
	descendants_open(&seen, "", supervise_pid(supervisor));
	while (seen.count == 0 || !is_zombie(seen.known[0].pid)) {
		descendants_look(&seen, 0);
	}
	for (int i = 0; i < 10; i++) {
		descendants_look(&seen, 0);
	}
	CHECK_INT(seen.count, 1);
	gate_close();
	CHECK_INT(run_end(supervisor).survivors, 0);
}

static void child_that_outlives_the_workload(void)
{
	gate_open();
	/* A shell gives its background jobs /dev/null for input unless told otherwise. */
	struct outcome outcome = run_end(run_shell("exec 5<&0; cat <&5 & exit 0"));
	CHECK_INT(outcome.survivors, 1);
	CHECK(outcome.children >= 1);
	gate_close_and_wait();
}

/** The workload: maps the segment as a hook does, forks twice as a daemon does, and ends. */
static int daemonise(void)
{
	int fd = open(getenv("FIL_SEGMENT"), O_RDWR);
	if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED) {
		return 1;
	}
	close(fd);
	pid_t child = fork();
	if (child == 0) {
		setsid();
		if (fork() == 0) {
			char byte;
			/*
			 * Another name for the program would be too easy: only the mapping tells.
			 */
			_exit((int)read(STDIN_FILENO, &byte, 1));
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return 0;
}

static void daemon_is_recognised(void)
{
	/* A copy: what runs our own program is taken for ours. */
	char path[] = "/tmp/fil-test-XXXXXX";
	cleanup_buffer struct buffer program = { 0 };
	close(mkstemp(path));
	REQUIRE(file_read("/proc/self/exe", 1 << 26, &program) == 0
		&& file_write(path, 0700, program.data, program.len) == 0);
	gate_open();
	char *argv[] = { path, "daemonise", NULL };
	struct outcome outcome = run_end(run_program(path, argv));
	unlink(path);
	CHECK_INT(outcome.exit_status, 0);
	CHECK_INT(outcome.survivors, 1);
	gate_close_and_wait();
}

static bool exists(pid_t pid)
{
	struct proc_stat stat;
	return proc_read_stat("", pid, &stat);
}

/** Where orphans come to us: as process 1, or if whoever executed us was made a subreaper. */
static void orphans_are_reaped(void)
{
	int pids[2];
	fflush(stdout);
	REQUIRE(pipe(pids) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		char number[16] = "";
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		gate_open();
		dup2(pids[1], 9);
		struct supervisor *supervisor = run_shell("(true & echo $! >&9); cat; exit 0");
		REQUIRE(read(pids[0], number, sizeof(number) - 1) > 0);
		while (exists(atoi(number))) {
			turn(supervisor);
		}
		gate_close();
		_exit(run_end(supervisor).exit_status);
	}
	int status;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

/** A child that the supervisor's caller has forked is the caller's to wait for. */
static void callers_own_child_is_left(void)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		gate_open();
		struct supervisor *supervisor = run_shell("cat; exit 0");
		pid_t report = fork();
		if (report == 0) {
			_exit(4);
		}
		siginfo_t info;
		waitid(P_PID, (id_t)report, &info, WEXITED | WNOWAIT);
		turn(supervisor);
		gate_close();
		run_end(supervisor);
		int status = 0;
		REQUIRE(waitpid(report, &status, 0) == report);
		_exit(WEXITSTATUS(status) != 4);
	}
	int status;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "daemonise") == 0) {
		return daemonise();
	}
	RUN(child_is_seen);
	RUN(zombie_is_counted_once);
	RUN(child_that_outlives_the_workload);
	RUN(daemon_is_recognised);
	RUN(orphans_are_reaped);
	RUN(callers_own_child_is_left);
	return test_done();
}
