// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Who is let go on by another process, and who is not. */
#include "core/supervise/will.h"

#include "core/host/proc.h"
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/** A child that has stopped itself, and ends with status 7 when it goes on. */
static struct descendant stopped_child(void)
{
	struct proc_stat stat;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(7);
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	REQUIRE(proc_read_stat("", pid, &stat));
	return (struct descendant){ pid, stat.start_ticks };
}

/** By a process of its own, as the witness is one, forked before anybody was in it. */
static void execute_after(struct will *will, const struct descendant *process, bool is_cleared)
{
	int ends[2];
	char byte = 0;
	REQUIRE(pipe(ends) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[1]);
		REQUIRE(read(ends[0], &byte, 1) == 0);
		will_execute(will, "");
		_exit(0);
	}
	will_add(will, process);
	if (is_cleared) {
		will_clear(will);
	}
	close(ends[0]);
	close(ends[1]);
	REQUIRE(waitpid(pid, NULL, 0) == pid);
}

static bool is_stopped(pid_t pid)
{
	struct proc_stat stat;
	return proc_read_stat("", pid, &stat) && stat.state == 'T';
}

static void end(const struct descendant *process)
{
	kill(process->pid, SIGKILL);
	waitpid(process->pid, NULL, 0);
}

static void who_is_in_it_goes_on(void)
{
	struct will *will = will_new();
	struct descendant process = stopped_child();
	int status = 0;
	REQUIRE(will);
	execute_after(will, &process, false);
	CHECK_INT(waitpid(process.pid, &status, 0), process.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	will_free(will);
}

static void who_was_let_go_is_not_in_it_any_more(void)
{
	struct will *will = will_new();
	struct descendant process = stopped_child();
	REQUIRE(will);
	execute_after(will, &process, true);
	CHECK(is_stopped(process.pid));
	end(&process);
	will_free(will);
}

static void another_process_of_that_number_is_left_alone(void)
{
	struct will *will = will_new();
	struct descendant process = stopped_child();
	struct descendant earlier = { process.pid, process.start_ticks - 1 };
	REQUIRE(will);
	execute_after(will, &earlier, false);
	CHECK(is_stopped(process.pid));
	end(&process);
	will_free(will);
}

static void what_there_is_no_room_for_is_left_out(void)
{
	struct will *will = will_new();
	struct descendant nobody = { 0, 0 };
	REQUIRE(will);
	for (int i = 0; i < 5000; i++) {
		will_add(will, &nobody);
	}
	will_execute(will, "root-of-nothing");
	will_free(will);
	/* Nor is it needed. */
	will_add(NULL, &nobody);
	will_clear(NULL);
	will_execute(NULL, "");
	will_free(NULL);
}

int main(void)
{
	RUN(who_is_in_it_goes_on);
	RUN(who_was_let_go_is_not_in_it_any_more);
	RUN(another_process_of_that_number_is_left_alone);
	RUN(what_there_is_no_room_for_is_left_out);
	return test_done();
}
