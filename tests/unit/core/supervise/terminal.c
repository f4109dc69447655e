// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Job control: a terminal, a shell (this program), and in its foreground a supervised workload. */
#include "core/host/proc.h"
#include "tests/unit/core/supervise/signalling.h"

#include <sys/ioctl.h>

struct terminal {
	int master;
	int slave;
};

static struct terminal terminal_open(void)
{
	struct terminal terminal = { .master = posix_openpt(O_RDWR | O_NOCTTY) };
	REQUIRE(terminal.master >= 0 && grantpt(terminal.master) == 0
		&& unlockpt(terminal.master) == 0);
	terminal.slave = open(ptsname(terminal.master), O_RDWR | O_NOCTTY);
	REQUIRE(terminal.slave >= 0);
	return terminal;
}

/** Become a session with that terminal. SIGTTOU would stop a shell that hands the terminal back. */
static void become_shell(const struct terminal *terminal)
{
	signal(SIGTTOU, SIG_IGN);
	REQUIRE(setsid() > 0 && ioctl(terminal->slave, TIOCSCTTY, 0) == 0);
}

static void foreground(const struct terminal *terminal, pid_t group)
{
	/* The child makes its group itself, too; whoever is first. */
	setpgid(group, group);
	REQUIRE(tcsetpgrp(terminal->slave, group) == 0);
}

/**
 * Type control and a letter. The kernel looks at it later, on a thread of its own, and echoes it
 * once the signal has been sent: that is when this returns.
 */
static void type_control(const struct terminal *terminal, char letter)
{
	char key = (char)(letter - '@');
	char echo = 0;
	REQUIRE(write(terminal->master, &key, 1) == 1);
	while (echo != letter) {
		REQUIRE(read(terminal->master, &echo, 1) == 1);
	}
}

static void control_c_arrives_once(const struct terminal *terminal)
{
	struct signalling started = signalling_start(SIGINT);
	foreground(terminal, started.supervisor);
	type_control(terminal, 'C');
	CHECK_INT(signalling_count(&started), 1);
}

static char state_of(pid_t pid)
{
	struct proc_stat stat;
	return proc_read_stat("", pid, &stat) ? stat.state : 0;
}

static void control_z_stops_both_and_fg_continues_both(const struct terminal *terminal)
{
	for (int i = 0; i < 10; i++) {
		int status;
		struct signalling started = signalling_start(SIGUSR1);
		foreground(terminal, started.supervisor);
		type_control(terminal, 'Z');
		REQUIRE(waitpid(started.supervisor, &status, WUNTRACED) == started.supervisor);
		CHECK(WIFSTOPPED(status));
		CHECK_INT(WSTOPSIG(status), SIGTSTP);
		CHECK_INT(state_of(started.workload), 'T');
		foreground(terminal, started.supervisor);
		kill(-started.supervisor, SIGCONT);
		/* Ends only if the workload runs again and nothing but the fence was counted. */
		CHECK_INT(signalling_count(&started), 0);
	}
}

static void continue_sent_to_us_alone_is_passed_on(const struct terminal *terminal)
{
	int status;
	struct signalling started = signalling_start(SIGUSR1);
	foreground(terminal, started.supervisor);
	type_control(terminal, 'Z');
	REQUIRE(waitpid(started.supervisor, &status, WUNTRACED) == started.supervisor);
	CHECK(WIFSTOPPED(status));
	kill(started.supervisor, SIGCONT);
	CHECK_INT(signalling_count(&started), 0);
}

/** Somebody stops the workload: it is to be looked at, so we go on. */
static void sigstop_of_the_workload_does_not_stop_us(const struct terminal *terminal)
{
	struct signalling started = signalling_start(SIGUSR1);
	foreground(terminal, started.supervisor);
	kill(started.workload, SIGSTOP);
	while (state_of(started.workload) != 'T') {
	}
	kill(started.supervisor, SIGCONT);
	CHECK_INT(signalling_count(&started), 0);
}

static void hang_up_reaches_a_workload_whose_supervisor_leads_the_session(void)
{
	struct terminal own = terminal_open();
	int ends[2];
	REQUIRE(pipe(ends) == 0);
	fflush(stdout);
	pid_t leader = fork();
	if (leader == 0) {
		close(ends[0]);
		close(own.master);
		become_shell(&own);
		close(own.slave);
		dup2(ends[1], READY_FD);
		supervise_counting(SIGHUP);
	}
	struct signalling started = { .supervisor = leader };
	close(ends[1]);
	REQUIRE(read(ends[0], &started.workload, sizeof(pid_t)) == sizeof(pid_t));
	close(ends[0]);
	close(own.slave);
	close(own.master);
	CHECK_INT(signalling_count(&started), 1);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		return count_until_fence(atoi(argv[1]));
	}
	struct terminal terminal = terminal_open();
	fflush(stdout);
	pid_t shell = fork();
	if (shell == 0) {
		become_shell(&terminal);
		test_state.name = "in the shell";
		control_c_arrives_once(&terminal);
		control_z_stops_both_and_fg_continues_both(&terminal);
		continue_sent_to_us_alone_is_passed_on(&terminal);
		sigstop_of_the_workload_does_not_stop_us(&terminal);
		exit(test_done());
	}
	int status;
	REQUIRE(waitpid(shell, &status, 0) == shell);
	CHECK_INT(status, 0);
	RUN(hang_up_reaches_a_workload_whose_supervisor_leads_the_session);
	return test_done();
}
