// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A workload's processes held, let go and killed together. */
#include "core/supervise/tree.h"

#include "core/host/proc.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 200

/** Each of them has the ends of two pipes: what they say is read here, and its end is theirs. */
static int from_tree, to_tree;

/** A process of the tree: says that it is there, and again for each byte that it is sent. */
static void live(int in, int out)
{
	char byte = '.';
	do {
		if (write(out, &byte, 1) != 1) {
			_exit(1);
		}
	} while (read(in, &byte, 1) == 1);
	_exit(0);
}

static pid_t fork_child(int in, int out)
{
	pid_t pid = fork();
	if (pid == 0) {
		live(in, out);
	}
	return pid;
}

/** Fork a workload that runs this with its ends, and lives on until it is killed. */
static struct descendants start(void (*prepare)(int in, int out))
{
	int in[2], out[2];
	struct descendants below;
	fflush(stdout);
	REQUIRE(pipe(in) == 0 && pipe(out) == 0);
	pid_t workload = fork();
	if (workload == 0) {
		close(in[1]);
		close(out[0]);
		prepare(in[0], out[1]);
		for (;;) {
			pause();
		}
	}
	close(in[0]);
	close(out[1]);
	to_tree = in[1];
	from_tree = out[0];
	descendants_open(&below, "", workload);
	return below;
}

static void hear(int count)
{
	char byte;
	while (count-- > 0) {
		REQUIRE(read(from_tree, &byte, 1) == 1);
	}
}

static void wait_for_state(pid_t pid, char state)
{
	struct proc_stat stat = { 0 };
	while (stat.state != state) {
		REQUIRE(proc_read_stat("", pid, &stat));
	}
}

static bool is_stopped(pid_t pid)
{
	struct proc_stat stat;
	return proc_read_stat("", pid, &stat) && stat.state == 'T';
}

/** Kill all, and find that nobody is left who could say anything. */
static void end(const struct descendants *below)
{
	char byte;
	tree_kill(below);
	REQUIRE(waitpid(below->workload, NULL, 0) == below->workload);
	CHECK_INT(read(from_tree, &byte, 1), 0);
	close(from_tree);
	close(to_tree);
}

static void fork_many(int in, int out)
{
	for (int i = 0; i < MANY; i++) {
		fork_child(in, out);
	}
}

static void all_are_killed_however_many(void)
{
	struct held held = { 0 };
	struct descendants below = start(fork_many);
	hear(MANY);
	tree_hold(&below, TREE_WITH_WORKLOAD, &held);
	CHECK_INT(held.processes.len / sizeof(struct descendant), 1 + MANY);
	end(&below);
	buffer_done(&held.processes);
}

static void fork_orphan(int in, int out)
{
	pid_t between = fork();
	if (between == 0) {
		char byte;
		fork_child(in, out);
		_exit(read(in, &byte, 1) == 1);
	}
	waitpid(between, NULL, 0);
	fork_child(in, out);
}

static void who_has_lost_the_parent_is_killed_too(void)
{
	struct descendants below = start(fork_orphan);
	hear(1);
	descendants_look(&below, 0);
	CHECK_INT(below.known_count, 2);
	/* One of both takes it: with the first byte the orphan may only say so. */
	do {
		REQUIRE(write(to_tree, ".", 1) == 1);
		hear(1);
		descendants_look(&below, 0);
	} while (proc_descendants("", below.workload, (pid_t[4]){ 0 }, 4) != 1);
	end(&below);
}

static void fork_two(int in, int out)
{
	pid_t first = fork();
	if (first == 0) {
		raise(SIGSTOP);
		live(in, out);
	}
	waitpid(first, NULL, WUNTRACED);
	fork_child(in, out);
}

static void who_was_stopped_before_stays_so(void)
{
	struct held held = { 0 };
	struct descendants below = start(fork_two);
	pid_t pids[4];
	hear(1);
	REQUIRE(proc_descendants("", below.workload, pids, 4) == 2);
	pid_t stopped = is_stopped(pids[0]) ? pids[0] : pids[1];
	pid_t running = stopped == pids[0] ? pids[1] : pids[0];
	tree_hold(&below, TREE_CHILDREN, &held);
	wait_for_state(running, 'T');
	CHECK(!is_stopped(below.workload));
	tree_release("", &held);
	REQUIRE(write(to_tree, ".", 1) == 1);
	hear(1);
	CHECK(is_stopped(stopped));
	end(&below);
}

/** A child that waits for one of its own in vfork, where it stops no sooner than that ends. */
static void fork_one_that_waits(int in, int out)
{
	if (fork() == 0) {
		char byte = '.';
		if (vfork() == 0) {
			_exit(write(out, &byte, 1) == 1 && read(in, &byte, 1) == 1 ? 0 : 1);
		}
		live(in, out);
	}
}

static void who_has_not_stopped_yet_goes_on(void)
{
	struct held held = { 0 };
	struct descendants below = start(fork_one_that_waits);
	pid_t pids[2];
	hear(1);
	REQUIRE(proc_descendants("", below.workload, pids, 2) == 2);
	tree_hold(&below, TREE_CHILDREN, &held);
	CHECK_INT(held.processes.len / sizeof(struct descendant), 2);
	wait_for_state(pids[1], 'T');
	CHECK(!is_stopped(pids[0]));
	tree_release("", &held);
	REQUIRE(write(to_tree, ".", 1) == 1);
	hear(1);
	end(&below);
}

static void fork_one(int in, int out)
{
	fork_child(in, out);
}

static void another_stop_is_not_lost(void)
{
	struct held held = { 0 };
	struct descendants below = start(fork_one);
	pid_t child;
	hear(1);
	REQUIRE(proc_descendants("", below.workload, &child, 1) == 1);
	tree_hold(&below, TREE_CHILDREN, &held);
	wait_for_state(child, 'T');
	/* As a terminal's, which an orphaned group would not heed. */
	REQUIRE(kill(child, SIGSTOP) == 0);
	tree_release("", &held);
	wait_for_state(child, 'T');
	kill(child, SIGCONT);
	REQUIRE(write(to_tree, ".", 1) == 1);
	hear(1);
	end(&below);
}

int main(void)
{
	RUN(all_are_killed_however_many);
	RUN(who_has_lost_the_parent_is_killed_too);
	RUN(who_was_stopped_before_stays_so);
	RUN(who_has_not_stopped_yet_goes_on);
	RUN(another_stop_is_not_lost);
	return test_done();
}
