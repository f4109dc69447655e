// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/proc.h"

#include "tests/unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *fixture(const char *name)
{
	static char path[1024];
	const char *root = getenv("FIL_ROOT");
	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", root ? root : ".", name);
	return path;
}

static void memory_of_a_process(void)
{
	struct proc_memory memory = proc_read_memory(fixture("processes"), 42);
	CHECK_INT(memory.anonymous_bytes, 300112 * 1024);
	CHECK_INT(memory.file_bytes, 101572 * 1024);
	CHECK_INT(memory.shared_bytes, 64 * 1024);
	CHECK_INT(memory.peak_rss_bytes, 501684 * 1024);
	CHECK_INT(memory.threads, 4);
	CHECK_INT(proc_read_memory(fixture("processes"), 43).anonymous_bytes, 0);
}

static void name_may_look_like_other_fields(void)
{
	struct proc_stat stat;
	REQUIRE(proc_read_stat(fixture("processes"), 42, &stat));
	CHECK_STR(stat.name, "py) ) (S 1");
	CHECK_INT(stat.state, 'S');
	CHECK(!stat.is_exiting);
	CHECK_INT(stat.parent, 41);
	CHECK_INT(stat.group, 40);
	CHECK_INT(stat.session, 39);
	CHECK_INT(stat.user_ticks, 250);
	CHECK_INT(stat.system_ticks, 75);
	CHECK_INT(stat.start_ticks, 987654);
}

static void who_traces_a_process_is_known(void)
{
	int status;
	CHECK_INT(proc_tracer(fixture("processes"), 42), 0);
	CHECK_INT(proc_tracer(fixture("processes"), 999), 0);
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(proc_tracer("", pid), getpid());
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void nonsense_is_no_process(void)
{
	struct proc_stat stat;
	CHECK(!proc_read_stat(fixture("processes"), 47, &stat));
	CHECK(!proc_read_stat(fixture("processes"), 999, &stat));
	CHECK(!proc_parse_stat("", &stat));
	CHECK(!proc_parse_stat("1 (x", &stat));
	CHECK(!proc_parse_stat("1 )x( S 1 2 3", &stat));
	CHECK(!proc_parse_stat("1 (x) S 1 2 3", &stat));
}

static void pending_signals(void)
{
	CHECK_INT(proc_parse_signals("State:\tS\nShdPnd:\t0000000000004000\n", "ShdPnd:"), 0x4000);
	CHECK_INT(proc_parse_signals("State:\tS\n", "ShdPnd:"), 0);
}

static void *outlive(void *data)
{
	char text[4096];
	struct proc_stat stat = { 0 };
	/* Not pthread_join: musl's never learns of a first thread that fork has made. */
	while (stat.state != 'Z') {
		proc_read_stat("", getpid(), &stat);
	}
	struct proc_memory memory = proc_read_memory("", getpid());
	bool is_read = proc_read_status("", getpid(), text, sizeof(text));
	(void)data;
	_exit(is_read && memory.anonymous_bytes && memory.threads == 2 && strstr(text, "RssAnon:")
		      ? 0
		      : 1);
}

static void memory_when_the_first_thread_has_ended(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		pthread_t other;
		pthread_create(&other, NULL, outlive, NULL);
		pthread_exit(NULL);
	}
	REQUIRE(waitpid(child, &status, 0) == child);
	CHECK_INT(status, 0);
	/* Who has ended altogether has none. */
	char text[4096];
	CHECK(!proc_read_status("", child, text, sizeof(text)));
}

static int order(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void descendants_without_lists_of_children(void)
{
	pid_t pids[8];
	REQUIRE(proc_descendants(fixture("processes"), 42, pids, 8) == 3);
	qsort(pids, 3, sizeof(pids[0]), order);
	CHECK_INT(pids[0], 43);
	CHECK_INT(pids[1], 44);
	CHECK_INT(pids[2], 46);
	/* 46 has ended: so does its kernel say. */
	struct proc_stat stat;
	CHECK(proc_read_stat(fixture("processes"), 46, &stat) && stat.is_exiting);
	CHECK_INT(stat.state, 'Z');
	/* More than fit are counted. */
	CHECK_INT(proc_descendants(fixture("processes"), 42, pids, 1) >= 1, 1);
	CHECK_INT(proc_descendants(fixture("processes"), 44, pids, 8), 0);
}

static void descendants_of_this_machine(void)
{
	int gate[2];
	pid_t pids[4];
	REQUIRE(pipe(gate) == 0);
	pid_t child = fork();
	if (child == 0) {
		char byte;
		close(gate[1]);
		_exit((int)read(gate[0], &byte, 1));
	}
	CHECK_INT(proc_descendants("", getpid(), pids, 4), 1);
	CHECK_INT(pids[0], child);
	close(gate[1]);
	waitpid(child, NULL, 0);
}

static void machine(void)
{
	CHECK_INT(proc_machine_oom_kills(fixture("cgroup-v1")), 17);
	CHECK_INT(proc_machine_ram(fixture("cgroup-v1")), 24684092ull * 1024);
	CHECK_INT(proc_machine_oom_kills(fixture("cgroup-v2-old")), -1);
	CHECK_INT(proc_machine_oom_kills(fixture("no-such-folder")), -1);
	CHECK_INT(proc_machine_oom_kills(fixture("cgroup-broken")), -1);
	CHECK_INT(proc_machine_ram(fixture("cgroup-broken")), 0);
	CHECK_INT(proc_machine_ram(fixture("no-such-folder")), 0);
}

static void this_proc_is_ours(void)
{
	CHECK(proc_is_ours(""));
	CHECK(!proc_is_ours(fixture("processes")));
}

int main(void)
{
	RUN(memory_of_a_process);
	RUN(name_may_look_like_other_fields);
	RUN(who_traces_a_process_is_known);
	RUN(nonsense_is_no_process);
	RUN(pending_signals);
	RUN(memory_when_the_first_thread_has_ended);
	RUN(descendants_without_lists_of_children);
	RUN(descendants_of_this_machine);
	RUN(machine);
	RUN(this_proc_is_ours);
	return test_done();
}
