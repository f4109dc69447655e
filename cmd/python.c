// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil-profile python: an interpreter as without us, in which the package filprofiler can be
 * imported. Nothing is recorded until the program opens a scope with it; a report is written when
 * the program asks for one, or if it dies inside a scope.
 *
 *     a report of the scope is wanted   a worker renders into the folder that the program names;
 *                                       the program waits, in the package
 *     an allocation is refused          the program goes on: its scope will have a report
 *     the workload has ended            if a scope was open: its report, as at the end of a run
 */
#include "cmd/commands.h"
#include "cmd/hook_image.h"
#include "cmd/package.h"
#include "cmd/run.h"
#include "cmd/say.h"
#include "cmd/scope_reports.h"
#include "cmd/variables.h"
#include "core/host/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct python {
	struct run run;
	/* The package, passed to the interpreter. */
	int package_fd;
};

static int prepare(struct run *run)
{
	struct refusal refusal;

	if (target_resolve_interpreter(&run->target, run->options, program_machine_of(hook_image),
				       &refusal) != 0) {
		return run_say_refusal(&refusal);
	}
	return run_describe(run);
}

/* The environment with the package in it; without, it can still be an installed one. */
static char **environment_new(struct python *python, char **ret_variable)
{
	char path[64];

	*ret_variable = NULL;
	python->package_fd = package_open(path, sizeof(path), false);
	if (python->package_fd >= 0) {
		*ret_variable = package_variable(path, environ);
	} else {
		say_error("the package filprofiler cannot be passed on: %s", strerror(errno));
	}
	return variables_new(environ, (struct variables_wanted){.python_path = *ret_variable});
}

static int start(struct python *python)
{
	struct run *run = &python->run;
	char *variable, **environment = environment_new(python, &variable);
	void *hook = run_hook(run);
	struct supervise_options options = {
		.program = run->target.program,
		.argv = run->target.argv,
		.envp = environment,
		.hook_image = hook ? hook : hook_image,
		.hook_image_bytes = (size_t)(hook_image_end - hook_image),
		.is_on_request = true,
		.native = run_native_flags(run->options->native),
		.no_pictures = true,
		.notes = {.command = run->command, .directory = run->directory, .code = ""},
		.proc_root = "/",
	};
	struct supervise_error error = {.message = "not enough memory", .status = STATUS_OWN_ERROR};

	run->start_ms = run_clock_ms(CLOCK_MONOTONIC);
	run->supervisor = environment ? supervise_start(&options, &error) : NULL;
	free(hook);
	free(environment);
	free(variable);
	if (!run->supervisor) {
		say_error("%s", error.message);
		return error.status;
	}
	return 0;
}

/* SIGUSR2: a report of the scope so far, in its folder. */
static void show_scope(struct run *run)
{
	if (!scope_report_snapshot(run)) {
		say_info("there is nothing to report: no block with a folder is being profiled");
	}
}

static struct outcome follow(struct python *python)
{
	struct supervisor *supervisor = python->run.supervisor;
	struct outcome outcome;

	for (;;) {
		switch (supervise_next(supervisor)) {
		case SUPERVISE_SNAPSHOT:
			show_scope(&python->run);
			break;
		case SUPERVISE_FAILED_ALLOCATION:
		case SUPERVISE_BREACH:
			supervise_answer(supervisor);
			break;
		case SUPERVISE_PICTURE: /* does not happen: no_pictures */
			break;
		case SUPERVISE_SCOPE:
			scope_report_start(&python->run);
			break;
		case SUPERVISE_CHILD_ENDED:
			scope_report_reap(&python->run);
			break;
		case SUPERVISE_ENDED:
			scope_report_last(&python->run);
			outcome = supervise_outcome(supervisor);
			supervise_done(supervisor);
			return outcome;
		}
	}
}

static void python_done(struct python *python)
{
	fd_close(&python->package_fd);
	run_done(&python->run);
}

int cmd_python(const struct options *options)
{
	struct python python = {.run = {.options = options, .folder = {.fd = -1}},
				.package_fd = -1};
	struct outcome outcome;
	int status;

	say_quietly(options->quiet);
	status = prepare(&python.run);
	if (status == 0) {
		status = start(&python);
	}
	if (status != 0) {
		python_done(&python);
		return status;
	}
	outcome = follow(&python);
	python_done(&python);
	supervise_die_as(&outcome);
}
