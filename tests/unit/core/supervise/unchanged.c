// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A program tells everything it can see of its start: the same with and without a supervisor. */
#include "core/host/file.h"
#include "tests/unit/core/supervise/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- the workload: one fact a line ---- */

static void tell_signals(void)
{
	unsigned long long mask = 0;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	printf("mask %llx\n", mask);
	for (int signal = 1; signal <= 64; signal++) {
		/* The kernel's struct begins with the handler on all architectures we know. */
		unsigned long action[8] = { 0 };
		syscall(SYS_rt_sigaction, signal, NULL, action, 8);
		printf("signal %d %s\n", signal, action[0] == 1 ? "ignored" : "default");
	}
}

static void tell_limits(void)
{
	for (int i = 0; i < 16; i++) {
		struct rlimit limit = { 0, 0 };
		getrlimit(i, &limit);
		printf("limit %d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
		       (unsigned long long)limit.rlim_max);
	}
}

static void tell_descriptors(void)
{
	for (int fd = 0; fd < 256; fd++) {
		char link[64];
		char target[256];
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t len = readlink(link, target, sizeof(target) - 1);
		if (len > 0 && fd != STDOUT_FILENO) {
			target[len] = 0;
			printf("fd %d %s %x\n", fd, target, fcntl(fd, F_GETFD));
		}
	}
}

static void tell_process(void)
{
	char folder[256];
	int pdeathsig = -1;
	int subreaper = -1;
	mode_t mask = umask(0);
	umask(mask);
	prctl(PR_GET_PDEATHSIG, &pdeathsig);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	printf("group %d session %d\n", getpgrp(), getsid(0));
	printf("umask %o folder %s\n", mask, getcwd(folder, sizeof(folder)));
	printf("nice %d policy %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	printf("dumpable %d death %d subreaper %d no_new_privs %d\n", prctl(PR_GET_DUMPABLE),
	       pdeathsig, subreaper, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("name %s\n", program_invocation_name);
	for (char **entry = environ; *entry; entry++) {
		/* The one entry that a hook would have taken off. */
		if (strncmp(*entry, "FIL_SEGMENT=", 12) != 0) {
			puts(*entry);
		}
	}
}

static int tell(void)
{
	tell_signals();
	tell_limits();
	tell_descriptors();
	tell_process();
	return 0;
}

/* ---- the test ---- */

/** An unusual start. */
static void make_unusual(void)
{
	unsigned long long mask = 0x40000281ull | 1ull << 31 | 1ull << 40;
	struct rlimit files = { 100, 4096 };
	struct rlimit core = { 0, RLIM_INFINITY };
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	umask(027);
	REQUIRE(chdir("/usr") == 0);
	REQUIRE(nice(3) >= 0);
	close(STDIN_FILENO);
	REQUIRE(dup2(STDERR_FILENO, 42) == 42);
}

static char *const workload_argv[] = { "a workload", "tell", NULL };

static void start_plainly(void)
{
	execve("/proc/self/exe", workload_argv, environ);
	_exit(127);
}

static void start_supervised(void)
{
	struct outcome outcome = run_end(run_program("/proc/self/exe", workload_argv));
	_exit(outcome.exit_status);
}

/** What a workload that was started so tells. */
static void listen_to(void (*start)(void), struct buffer *ret_text)
{
	int ends[2];
	ssize_t got;
	char *end;
	fflush(stdout);
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		make_unusual();
		dup2(ends[1], STDOUT_FILENO);
		start();
	}
	close(ends[1]);
	while ((end = buffer_reserve(ret_text, 4096)) && (got = read(ends[0], end, 4096)) > 0) {
		ret_text->len += (size_t)got;
		end[got] = 0;
	}
	close(ends[0]);
	int status;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

/** The same group and session: only the processes' own numbers differ. */
static void workload_sees_no_difference(void)
{
	struct buffer plain = { 0 };
	struct buffer supervised = { 0 };
	listen_to(start_plainly, &plain);
	listen_to(start_supervised, &supervised);
	CHECK(plain.len > 1000);
	CHECK_STR(buffer_text(&supervised), buffer_text(&plain));
	buffer_done(&plain);
	buffer_done(&supervised);
}

/** A limit on file sizes is the workload's; the segment needs more. */
static void limit_of_file_size_is_for_the_workload(void)
{
	struct rlimit before;
	struct rlimit small = { 4096, RLIM_INFINITY };
	REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0 && setrlimit(RLIMIT_FSIZE, &small) == 0);
	struct outcome outcome = run_end(run_shell("test $(ulimit -f) = 8"));
	CHECK_INT(outcome.exit_status, 0);
	struct rlimit after;
	REQUIRE(getrlimit(RLIMIT_FSIZE, &after) == 0);
	CHECK_INT(after.rlim_cur, 4096);
	setrlimit(RLIMIT_FSIZE, &before);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "tell") == 0) {
		return tell();
	}
	RUN(workload_sees_no_difference);
	RUN(limit_of_file_size_is_for_the_workload);
	return test_done();
}
