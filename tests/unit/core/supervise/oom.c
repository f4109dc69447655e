// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A real kill for lack of memory, supervisor and workload in one cgroup. Needs to be allowed to
 * make one.
 */
#include "core/host/cgroup.h"
#include "core/host/file.h"
#include "core/host/proc.h"
#include "tests/unit/core/supervise/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LIMIT_TEXT "67108864"
#define LIMIT_BYTES ((uint64_t)67108864)

static char group_folder[CGROUP_PATH_MAX + 64];

static int put(const char *name, const char *text)
{
	char path[CGROUP_PATH_MAX + 128];
	snprintf(path, sizeof(path), "%s/%s", group_folder, name);
	return file_put_text(path, text);
}

/** A group with a limit, below the root of the hierarchy. */
static void group_make(void)
{
	struct cgroup own = cgroup_find("", 0);
	if (!own.version) {
		SKIP("there is no memory cgroup here");
	}
	own.folder[own.mount_len] = 0;
	snprintf(group_folder, sizeof(group_folder), "%s/fil-test-%d", own.folder, getpid());
	if (mkdir(group_folder, 0755) < 0) {
		SKIP("no memory cgroup can be made here (needs root)");
	}
	const char *limit = own.version == 2 ? "memory.max" : "memory.limit_in_bytes";
	if (put(limit, LIMIT_TEXT) < 0) {
		rmdir(group_folder);
		SKIP("the memory controller is not available below the root cgroup");
	}
	put("memory.swap.max", "0");
	put("memory.memsw.limit_in_bytes", LIMIT_TEXT);
}

static void group_remove(void)
{
	/* Its processes have been waited for; the kernel may need a moment to let go of them. */
	while (rmdir(group_folder) < 0 && errno == EBUSY) {
	}
}

/** The workload: touch memory until the end. */
static int eat(void)
{
	for (;;) {
		char *piece = malloc(1 << 20);
		if (!piece) {
			return 3;
		}
		memset(piece, 1, 1 << 20);
		__asm__ volatile("" : : "r"(piece) : "memory");
	}
}

/** In a process of its own: enter the group, then supervise. */
static void supervise_in_group(void)
{
	char number[16];
	char *argv[] = { "workload", "eat", NULL };
	snprintf(number, sizeof(number), "%d", getpid());
	REQUIRE(put("cgroup.procs", number) == 0);
	struct outcome outcome = run_end(run_program("/proc/self/exe", argv));
	CHECK_INT(outcome.verdict, VERDICT_OOM_CONFIRMED);
	CHECK_INT(outcome.signal, SIGKILL);
	CHECK(outcome.cgroup_oom_kills >= 1);
	CHECK_INT(outcome.cgroup_limit_bytes, LIMIT_BYTES);
	CHECK(outcome.cgroup_max_usage_bytes > LIMIT_BYTES * 9 / 10);
	CHECK(outcome.max_rss_bytes > LIMIT_BYTES / 2);
	exit(test_done());
}

/** The workload: enter the group named by argv, go on when told to. */
static int enter_and_eat(const char *folder)
{
	char number[16];
	char byte;
	snprintf(number, sizeof(number), "%d", getpid());
	snprintf(group_folder, sizeof(group_folder), "%s", folder);
	if (put("cgroup.procs", number) < 0 || read(STDIN_FILENO, &byte, 1) != 0) {
		return 4;
	}
	return eat();
}

/** A job runner that puts its child into a group of its own after it has started. */
static void kill_in_a_group_that_the_workload_entered_is_confirmed(void)
{
	int gate[2];
	char *argv[] = { "workload", "enter", group_folder, NULL };
	group_make();
	REQUIRE(pipe2(gate, O_CLOEXEC) == 0 && dup2(gate[0], STDIN_FILENO) == STDIN_FILENO);
	struct supervisor *supervisor = run_program("/proc/self/exe", argv);
	while (supervise_outcome(supervisor).cgroup_limit_bytes != LIMIT_BYTES) {
		kill(getpid(), SIGUSR2);
		REQUIRE(supervise_next(supervisor) == SUPERVISE_SNAPSHOT);
	}
	close(gate[1]);
	struct outcome outcome = run_end(supervisor);
	CHECK_INT(outcome.verdict, VERDICT_OOM_CONFIRMED);
	CHECK(outcome.cgroup_oom_kills >= 1);
	group_remove();
}

static int oom_score_adj(pid_t pid)
{
	char path[64];
	char text[16];
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	REQUIRE(file_read_text(path, text, sizeof(text)) > 0);
	return atoi(text);
}

/** The workload and our other child are killed before us; it is the first, for its size. */
static void we_are_the_last_to_be_killed(void)
{
	int gate[2];
	pid_t below[4];
	REQUIRE(pipe2(gate, O_CLOEXEC) == 0 && dup2(gate[0], STDIN_FILENO) == STDIN_FILENO);
	struct supervisor *supervisor = run_shell("read line");
	REQUIRE(proc_descendants("", getpid(), below, 4) == 2);
	int ours = oom_score_adj(getpid());
	pid_t other = below[0] == supervise_pid(supervisor) ? below[1] : below[0];
	CHECK(oom_score_adj(supervise_pid(supervisor)) > ours || ours == 1000);
	/* It does so itself, when it is given the processor. */
	while (oom_score_adj(other) != oom_score_adj(supervise_pid(supervisor))) {
	}
	close(gate[1]);
	run_end(supervisor);
}

static void kill_in_our_own_cgroup_is_confirmed(void)
{
	group_make();
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		supervise_in_group();
	}
	int status;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	group_remove();
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "eat") == 0) {
		return eat();
	}
	if (argc == 3 && strcmp(argv[1], "enter") == 0) {
		return enter_and_eat(argv[2]);
	}
	RUN(we_are_the_last_to_be_killed);
	RUN(kill_in_our_own_cgroup_is_confirmed);
	RUN(kill_in_a_group_that_the_workload_entered_is_confirmed);
	return test_done();
}
