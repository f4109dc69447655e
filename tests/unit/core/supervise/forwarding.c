// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Every signal reaches the workload once, whoever it was sent to. */
#include "core/host/proc.h"
#include "tests/unit/core/supervise/signalling.h"

static void sent_to_us_alone(void)
{
	struct signalling started = signalling_start(SIGTERM);
	kill(started.supervisor, SIGTERM);
	CHECK_INT(signalling_count(&started), 1);
}

static void sent_to_the_process_group(void)
{
	for (int i = 0; i < 20; i++) {
		struct signalling started = signalling_start(SIGTERM);
		kill(-started.supervisor, SIGTERM);
		CHECK_INT(signalling_count(&started), 1);
	}
}

static void every_forwardable_signal(void)
{
	static const int signals[] = {
		SIGHUP,  SIGINT,  SIGQUIT, SIGILL,    SIGTRAP,   SIGABRT, SIGBUS,  SIGFPE,
		SIGUSR1, SIGSEGV, SIGPIPE, SIGALRM,   SIGTERM,   SIGURG,  SIGXCPU, SIGXFSZ,
		SIGPROF, SIGWINCH, SIGIO,  SIGVTALRM, SIGPWR,
	};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct signalling started = signalling_start(signals[i]);
		kill(started.supervisor, signals[i]);
		int count = signalling_count(&started);
		if (count != 1) {
			printf("signal %d\n", signals[i]);
		}
		CHECK_INT(count, 1);
	}
}

static void sent_to_all_one_after_the_other(void)
{
	struct signalling started = signalling_start(SIGTERM);
	pid_t below[8];
	size_t count = proc_descendants("", started.supervisor, below, 8);
	CHECK_INT(count, 2);
	/* The supervisor last, and stopped until all are sent: however long that took. */
	kill(started.supervisor, SIGSTOP);
	waitpid(started.supervisor, NULL, WUNTRACED);
	for (size_t i = 0; i < count; i++) {
		kill(below[i], SIGTERM);
	}
	kill(started.supervisor, SIGTERM);
	kill(started.supervisor, SIGCONT);
	CHECK_INT(signalling_count(&started), 1);
}

/**
 * timeout(1): first its child, then the group. The first is held back, and the group's is the same.
 */
static void sent_to_us_and_then_to_the_group(void)
{
	struct signalling started = signalling_start(SIGTERM);
	kill(started.supervisor, SIGSTOP);
	waitpid(started.supervisor, NULL, WUNTRACED);
	kill(started.supervisor, SIGTERM);
	kill(-started.supervisor, SIGTERM);
	kill(started.supervisor, SIGCONT);
	CHECK_INT(signalling_count(&started), 1);
}

/** setsid: what is sent to the group does not reach the workload, so we pass it on. */
static void the_workload_has_left_the_group(void)
{
	struct signalling started = signalling_start(IN_OWN_SESSION + SIGTERM);
	CHECK(getpgid(started.workload) == started.workload);
	kill(-started.supervisor, SIGTERM);
	CHECK_INT(signalling_count(&started), 1);
	started = signalling_start(IN_OWN_SESSION + SIGTERM);
	kill(started.supervisor, SIGTERM);
	CHECK_INT(signalling_count(&started), 1);
}

/** A workload that signals its parent or its whole group is not answered with its own signal. */
static void what_the_workload_sends_is_not_sent_back(void)
{
	struct supervisor *supervisor = run_shell("trap 'exit 9' USR1; kill -USR1 $PPID; exit 3");
	CHECK_INT(run_end(supervisor).exit_status, 3);
}

static void the_witness_is_gone(void)
{
	struct signalling started = signalling_start(SIGTERM);
	pid_t below[8];
	size_t count = proc_descendants("", started.supervisor, below, 8);
	for (size_t i = 0; i < count; i++) {
		if (below[i] != started.workload) {
			kill(below[i], SIGKILL);
		}
	}
	kill(started.supervisor, SIGTERM);
	CHECK_INT(signalling_count(&started), 1);
}

/** Send a signal to this process as somebody else. */
static void send_from_outside(int signal)
{
	pid_t outside = fork();
	if (outside == 0) {
		kill(getppid(), signal);
		_exit(0);
	}
	REQUIRE(waitpid(outside, NULL, 0) == outside);
}

/** One round of a supervisor in this process. */
static void turn(struct supervisor *supervisor)
{
	kill(getpid(), SIGUSR2);
	REQUIRE(supervise_next(supervisor) == SUPERVISE_SNAPSHOT);
}

/** The witness is killed while a signal is held back for it: the next does not overtake that. */
static void held_when_the_witness_goes(void)
{
	char *argv[] = { "workload", "15", NULL };
	int ends[2];
	pid_t workload, below[4];
	siginfo_t info;
	REQUIRE(pipe(ends) == 0);
	int from_workload = fcntl(ends[0], F_DUPFD_CLOEXEC, READY_FD + 1);
	REQUIRE(from_workload >= 0 && dup2(ends[1], READY_FD) == READY_FD);
	struct supervisor *supervisor = run_program("/proc/self/exe", argv);
	REQUIRE(read(from_workload, &workload, sizeof(workload)) == sizeof(workload));
	REQUIRE(proc_descendants("", getpid(), below, 4) == 2);
	pid_t witness = below[0] == workload ? below[1] : below[0];
	send_from_outside(SIGTERM);
	turn(supervisor);
	kill(witness, SIGKILL);
	REQUIRE(waitid(P_PID, (id_t)witness, &info, WEXITED | WNOWAIT) == 0);
	turn(supervisor);
	send_from_outside(FENCE);
	CHECK_INT(run_end(supervisor).exit_status, 1);
}

static void value_is_passed_on(void)
{
	struct signalling started = signalling_start(-SIGRTMIN);
	sigqueue(started.supervisor, SIGRTMIN, (union sigval){ .sival_int = 42 });
	CHECK_INT(signalling_count(&started), 42);
}

/** The workload: ends with the value that came with the signal. */
static int return_value_of(int signal)
{
	sigset_t set;
	siginfo_t info;
	pid_t self = getpid();
	sigemptyset(&set);
	sigaddset(&set, FENCE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (write(READY_FD, &self, sizeof(self)) != sizeof(self)) {
		return 99;
	}
	sigwaitinfo(&set, &info);
	return info.si_code == SI_QUEUE ? info.si_value.sival_int : 98;
}

static void default_action_ends_both(void)
{
	struct supervisor *supervisor = run_shell("kill -STOP $$");
	kill(getpid(), SIGTERM); /* our own: ignored */
	kill(supervise_pid(supervisor), SIGTERM);
	kill(supervise_pid(supervisor), SIGCONT);
	struct outcome outcome = run_end(supervisor);
	CHECK_INT(outcome.signal, SIGTERM);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		int signal = atoi(argv[1]);
		return signal < 0 ? return_value_of(-signal) : count_until_fence(signal);
	}
	RUN(sent_to_us_alone);
	RUN(sent_to_the_process_group);
	RUN(every_forwardable_signal);
	RUN(sent_to_all_one_after_the_other);
	RUN(sent_to_us_and_then_to_the_group);
	RUN(the_workload_has_left_the_group);
	RUN(what_the_workload_sends_is_not_sent_back);
	RUN(the_witness_is_gone);
	RUN(held_when_the_witness_goes);
	RUN(value_is_passed_on);
	RUN(default_action_ends_both);
	return test_done();
}
