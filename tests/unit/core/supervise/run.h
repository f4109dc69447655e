// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Starting /bin/sh under a supervisor, without a hook, for the tests of this folder. */
#ifndef TESTS_UNIT_CORE_SUPERVISE_RUN_H
#define TESTS_UNIT_CORE_SUPERVISE_RUN_H

#include "core/supervise/supervise.h"
#include "tests/unit/test.h"

#include <unistd.h>

/** Start a program; environment entries as given. Fails the test if it does not start. */
__attribute__((unused)) static struct supervisor *run_program(const char *program,
							      char *const argv[])
{
	struct supervise_options options = {
		.program = program,
		.argv = argv,
		.envp = environ,
		.fallback_folder = "/tmp",
		.proc_root = "/",
	};
	struct supervise_error error = { .message = "" };
	struct supervisor *supervisor = supervise_start(&options, &error);
	CHECK_STR(error.message, "");
	REQUIRE(supervisor);
	return supervisor;
}

/** Start a shell script. */
__attribute__((unused)) static struct supervisor *run_shell(const char *script)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	return run_program("/bin/sh", argv);
}

/** Run until the end and release; events before it are answered. */
__attribute__((unused)) static struct outcome run_end(struct supervisor *supervisor)
{
	while (supervise_next(supervisor) != SUPERVISE_ENDED) {
		supervise_answer(supervisor);
	}
	struct outcome outcome = supervise_outcome(supervisor);
	supervise_done(supervisor);
	return outcome;
}

#endif
