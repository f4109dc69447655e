// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* How a workload may end or fail to start, and what the outcome says of it. */
#include "tests/unit/core/supervise/run.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void exit_status_is_passed_on(void)
{
	struct outcome outcome = run_end(run_shell("exit 7"));
	CHECK_INT(outcome.verdict, VERDICT_EXITED);
	CHECK_INT(outcome.exit_status, 7);
	CHECK_INT(outcome.signal, 0);
	CHECK(outcome.max_rss_bytes > 0);
	CHECK(outcome.machine_ram_bytes > 0);
}

static void signal_is_told(void)
{
	struct outcome outcome = run_end(run_shell("kill -SEGV $$"));
	CHECK_INT(outcome.verdict, VERDICT_SIGNALED);
	CHECK_INT(outcome.signal, SIGSEGV);
}

/** If the kernel killed anybody meanwhile for lack of memory, it might have been this one. */
static void sigkill_of_unknown_origin(void)
{
	struct outcome outcome;
	do {
		outcome = run_end(run_shell("kill -KILL $$"));
	} while (outcome.machine_oom_kills);
	CHECK_INT(outcome.verdict, VERDICT_KILLED_BY_OTHER);
	CHECK_INT(outcome.signal, SIGKILL);
}

/** How a process ends that ends as this outcome says. */
static int die_as(struct outcome outcome)
{
	int status = 0;
	struct rlimit cores = { RLIM_INFINITY, RLIM_INFINITY };
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &cores);
		signal(SIGTERM, SIG_IGN);
		supervise_die_as(&outcome);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

static void we_end_as_the_workload_did(void)
{
	struct outcome outcome = { .verdict = VERDICT_EXITED, .exit_status = 42 };
	CHECK_INT(WEXITSTATUS(die_as(outcome)), 42);
	outcome = (struct outcome){ .verdict = VERDICT_ALLOCATION_FAILED, .exit_status = 1 };
	CHECK_INT(WEXITSTATUS(die_as(outcome)), 1);
	static const int signals[] = { SIGSEGV, SIGABRT, SIGTERM, SIGKILL, SIGXCPU };
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		outcome = (struct outcome){ .verdict = VERDICT_SIGNALED, .signal = signals[i] };
		int status = die_as(outcome);
		CHECK(WIFSIGNALED(status));
		CHECK_INT(WTERMSIG(status), signals[i]);
		CHECK(!WCOREDUMP(status));
	}
}

static struct supervise_error start_fails(const char *program)
{
	char *argv[] = { (char *)program, NULL };
	struct supervise_options options = {
		.program = program, .argv = argv, .envp = environ, .proc_root = "/",
	};
	struct supervise_error error = { .message = "" };
	CHECK(!supervise_start(&options, &error));
	return error;
}

static void missing_program_is_127(void)
{
	struct supervise_error error = start_fails("/nowhere/program");
	CHECK_INT(error.status, 127);
	CHECK_STR(error.message, "cannot run /nowhere/program: No such file or directory");
}

static void not_executable_is_126(void)
{
	CHECK_INT(start_fails("/etc/passwd").status, 126);
	CHECK_INT(start_fails("/").status, 126);
}

static void write_script(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	REQUIRE(file);
	fputs(text, file);
	fclose(file);
	chmod(path, 0700);
}

static void bad_interpreter_is_126(void)
{
	char path[] = "/tmp/fil-test-XXXXXX";
	close(mkstemp(path));
	write_script(path, "#!/nowhere/python\n");
	CHECK_INT(start_fails(path).status, 126);
	write_script(path, "echo no first line\n");
	CHECK_INT(start_fails(path).status, 126);
	unlink(path);
}

int main(void)
{
	RUN(exit_status_is_passed_on);
	RUN(signal_is_told);
	RUN(sigkill_of_unknown_origin);
	RUN(we_end_as_the_workload_did);
	RUN(missing_program_is_127);
	RUN(not_executable_is_126);
	RUN(bad_interpreter_is_126);
	return test_done();
}
