// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* How a workload may end or fail to start, and what the outcome says of it. */
#include "tests/unit/core/supervise/run.h"

#include <signal.h>
#include <sys/stat.h>

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

static void sigkill_of_unknown_origin(void)
{
	struct outcome outcome = run_end(run_shell("kill -KILL $$"));
	CHECK_INT(outcome.verdict, VERDICT_KILLED_BY_OTHER);
	CHECK_INT(outcome.signal, SIGKILL);
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
	RUN(missing_program_is_127);
	RUN(not_executable_is_126);
	RUN(bad_interpreter_is_126);
	return test_done();
}
