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
#include "cmd/variables.h"
#include "core/host/fd.h"
#include "core/profile/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct python {
	struct run run;
	/* The package, passed to the interpreter. */
	int package_fd;
	/* The report that the workload waits for. */
	struct worker report;
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
	struct supervise_options options = {
		.program = run->target.program,
		.argv = run->target.argv,
		.envp = environment,
		.hook_image = hook_image,
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
	free(environment);
	free(variable);
	if (!run->supervisor) {
		say_error("%s", error.message);
		return error.status;
	}
	return 0;
}

/* Where the report of the scope goes: 0, or -1 after having said what is wrong. */
static int find_folder(struct run *run, struct scope_info *info)
{
	if (scope_read(supervise_segment_fd(run->supervisor), info) != 0) {
		say_error("no report: cannot read what was recorded: %s", strerror(errno));
		return -1;
	}
	if (!info->folder) {
		return -1;
	}
	run->scope_start_unix_ms = info->start_unix_ms;
	if (result_folder_adopt(&run->folder, info->folder) != 0) {
		say_error("no report: cannot write into %s: %s", info->folder, strerror(errno));
		return -1;
	}
	return 0;
}

/* In a worker: into the folder that was named, or it counts as missing. */
static int render_scope(void *context)
{
	struct run *run = context;
	struct render_options how = run_render_options(run->options);
	struct scope_info info;
	struct profile *profile;
	struct shown shown;

	if (find_folder(run, &info) != 0) {
		return 1;
	}
	profile = run_collect_named(run, info.is_open ? MOMENT_NOW : MOMENT_END);
	if (profile) {
		profile->outcome.verdict = info.is_open ? VERDICT_RUNNING : VERDICT_PART;
	}
	if (!profile || shown_init(&shown, profile) != 0) {
		say_error("no report: cannot collect what was recorded: %s", strerror(errno));
		return 1;
	}
	return render_report(&run->folder, &shown, &how) != 0 ||
	       strcmp(run->folder.path, info.folder) != 0;
}

static void start_report(struct python *python)
{
	/* Whoever wanted that one waits no longer: a block has only one report at a time. */
	worker_kill(&python->report);
	if (worker_start(&python->report, render_scope, &python->run) != 0) {
		say_error("no report: %s", strerror(errno));
		supervise_scope_done(python->run.supervisor, 1);
	}
}

static void reap_report(struct python *python)
{
	int result = -1;

	if (worker_is_running(&python->report)) {
		result = worker_wait(&python->report, 0);
	}
	if (result >= 0) {
		supervise_scope_done(python->run.supervisor, (uint32_t)result);
	}
}

/* SIGUSR2: a report of the scope so far, in its folder. */
static void show_scope(struct python *python)
{
	struct scope_info info;

	if (scope_read(supervise_segment_fd(python->run.supervisor), &info) != 0 || !info.folder) {
		say_info("there is nothing to report: no block with a folder is being profiled");
		return;
	}
	free(info.folder);
	start_report(python);
}

/* The workload died inside a scope, or while it waited for the report of one. */
static void write_last(struct python *python)
{
	struct run *run = &python->run;
	struct scope_info info;

	worker_kill(&python->report);
	if (scope_read(supervise_segment_fd(run->supervisor), &info) != 0 ||
	    !(info.is_open || info.is_report_due) || !info.folder) {
		return;
	}
	free(info.folder);
	if (find_folder(run, &info) == 0) {
		run_write_report(run);
		result_folder_done(&run->folder);
		free(info.folder);
	}
}

static struct outcome follow(struct python *python)
{
	struct supervisor *supervisor = python->run.supervisor;
	struct outcome outcome;

	for (;;) {
		switch (supervise_next(supervisor)) {
		case SUPERVISE_SNAPSHOT:
			show_scope(python);
			break;
		case SUPERVISE_FAILED_ALLOCATION:
		case SUPERVISE_BREACH:
			supervise_answer(supervisor);
			break;
		case SUPERVISE_PICTURE: /* does not happen: no_pictures */
			break;
		case SUPERVISE_SCOPE:
			start_report(python);
			break;
		case SUPERVISE_CHILD_ENDED:
			reap_report(python);
			break;
		case SUPERVISE_ENDED:
			write_last(python);
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
