// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil-profile run: start the workload, and whatever ends it, leave a report.
 *
 *   what to run (target) -> where to (result_folder) -> supervise, event by event:
 *     a snapshot is wanted       a worker collects and renders into a folder of its own
 *     an allocation is refused   a worker captures what is held now; the workload waits for that
 *     memory is almost out       a worker captures what is held now, should all be killed together
 *     a report of a scope        a worker renders into the folder that the program names
 *     it was stopped at a limit  a worker renders what is held; the workload stays stopped
 *     the workload has ended     a worker renders everything; then we end as the workload did
 */
#include "cmd/run.h"

#include "cmd/commands.h"
#include "cmd/conditions.h"
#include "cmd/hook_image.h"
#include "cmd/operators.h"
#include "cmd/picture.h"
#include "cmd/say.h"
#include "cmd/scope_reports.h"
#include "cmd/segment.h"
#include "cmd/variables.h"
#include "cmd/words.h"
#include "core/host/fd.h"
#include "core/report/units.h"
#include "core/shm/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_OUTPUT "fil-result"
/* A pipe to a worker, a file that it writes, a file that it reads, one more. */
#define SPARES 5u

extern char **environ;

int run_say_refusal(const struct refusal *refusal)
{
	say_error("%s", refusal->message);
	if (*refusal->advice) {
		say_error("%s", refusal->advice);
	}
	return refusal->status;
}

void *run_hook(const struct run *run)
{
	bool wants_operators = operators_are_wanted(run->target.program, getenv("LD_PRELOAD"));

	return wants_operators ? NULL
			       : operators_hide(hook_image, (size_t)(hook_image_end - hook_image));
}

int run_describe(struct run *run)
{
	run->command = run->options->no_argv ? strdup("") : words_join(run->target.argv);
	run->directory = getcwd(NULL, 0);
	if (!run->directory) {
		run->directory = strdup("");
	}
	if (!run->command || !run->directory) {
		say_error("not enough memory for the command line");
		return STATUS_OWN_ERROR;
	}
	return 0;
}

/* Everything that can be refused in words is refused here, before anything starts. */
static int prepare(struct run *run)
{
	const struct options *options = run->options;
	const char *parent = options->output ? options->output : DEFAULT_OUTPUT;
	struct refusal refusal;
	char message[256];

	if (limit_resolve(&run->limit, options, "", message, sizeof(message)) != 0) {
		say_error("%s", message);
		return STATUS_OWN_ERROR;
	}
	if (target_resolve(&run->target, options, program_machine_of(hook_image), &refusal) != 0) {
		return run_say_refusal(&refusal);
	}
	if (options->python && !run->target.interpreter) {
		say_info("--python is for scripts, -m and -c: %s runs as it is",
			 run->target.argv[0]);
	}
	if (run_describe(run) != 0) {
		return STATUS_OWN_ERROR;
	}
	if (options->segment && segment_make_room(options->segment, &refusal) != 0) {
		return run_say_refusal(&refusal);
	}
	if (result_folder_create(&run->folder, parent, run_clock_ms(CLOCK_REALTIME)) != 0) {
		say_error("cannot make a folder for the report in %s: %s", parent, strerror(errno));
		say_error("use -o DIR to have it elsewhere");
		return STATUS_OWN_ERROR;
	}
	return 0;
}

/*
 * Descriptors that reports will need. Held while the workload is started, so that a limit which is
 * too low for a report ends in a refusal, and not in a run without one.
 */
static void hold_spares(const struct run *run, int spares[SPARES])
{
	for (size_t i = 0; i < SPARES; i++) {
		spares[i] = fcntl(run->folder.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	}
}

static void release_spares(int spares[SPARES])
{
	for (size_t i = 0; i < SPARES; i++) {
		fd_close(&spares[i]);
	}
}

static void say_limit(const struct run *run)
{
	static const char *const of[] = {
		[CEILING_RESIDENT] = "resident memory",
		[CEILING_ALLOCATED] = "what is asked for",
		[CEILING_ADDRESS_SPACE] = "address space",
	};
	static const char *const then[] = {
		[CEILING_KILL] = "the program is killed",
		[CEILING_ENOMEM] = "allocations fail",
		[CEILING_STOP] = "the program is stopped",
	};
	const struct limit *limit = &run->limit;

	if (limit->metric != CEILING_NONE) {
		say_info("limit: %s of %s%s%s; at it %s", units_bytes(limit->bytes).text,
			 of[limit->metric], *limit->origin ? ", " : "", limit->origin,
			 then[limit->action]);
	}
	if (!limit->is_deterministic) {
		return;
	}
	if (supervise_is_randomised(run->supervisor)) {
		say_info("the system does not let addresses be fixed: runs may differ a little");
	} else {
		say_info("addresses%s are fixed, so that runs are alike (--no-deterministic "
			 "leaves them)",
			 variables_have_hash_seed(environ) ? "" : " and Python's hash seed");
	}
}

static bool has_fixed_addresses(const struct run *run)
{
	return conditions_are_addresses_inherited()
		|| (run->limit.is_deterministic && !supervise_is_randomised(run->supervisor));
}

uint32_t run_native_flags(const char *choice)
{
	if (!choice) {
		return 0;
	}
	return strcmp(choice, "no") == 0 ? SEGMENT_NATIVE_NO : SEGMENT_NATIVE_YES;
}

static int start(struct run *run)
{
	struct variables_wanted wanted = {
		.single_threaded_pools = run->options->single_threaded_pools,
		.fixed_hash_seed = run->limit.is_deterministic,
	};
	char **environment = variables_new(environ, wanted);
	void *hook = run_hook(run);
	struct supervise_options options = {
		.program = run->target.program,
		.argv = run->target.argv,
		.envp = environment,
		.hook_image = hook ? hook : hook_image,
		.hook_image_bytes = (size_t)(hook_image_end - hook_image),
		.fallback_folder = run->folder.path,
		.ceiling_metric = run->limit.metric,
		.ceiling_action = run->limit.action,
		.ceiling_bytes = run->limit.bytes,
		.fail_at = run->limit.fail_at,
		.no_fault_counter = run->options->no_fault_counter,
		.no_pictures = run->options->disable_oom_detection,
		.native = run_native_flags(run->options->native),
		.is_deterministic = run->limit.is_deterministic,
		.segment_file = run->options->segment,
		.notes = {
			.command = run->command,
			.directory = run->directory,
			.code = run->target.code_text && !run->options->no_argv
				? run->target.code_text
				: "",
			.no_source = run->options->no_source,
		},
		.proc_root = "/",
	};
	int spares[SPARES];
	struct supervise_error error = {.message = "not enough memory", .status = STATUS_OWN_ERROR};

	run->start_ms = run_clock_ms(CLOCK_MONOTONIC);
	run->dies_together = picture_is_last_word("");
	hold_spares(run, spares);
	run->supervisor = environment ? supervise_start(&options, &error) : NULL;
	release_spares(spares);
	free(hook);
	if (run->supervisor) {
		run->conditions = conditions_of(environment, run->target.argv,
						has_fixed_addresses(run));
	}
	free(environment);
	if (!run->supervisor) {
		say_error("%s", error.message);
		result_folder_abandon(&run->folder);
		return error.status;
	}
	say_limit(run);
	say_info("the report will be in %s", run->folder.path);
	say_info("for one of the peak so far: kill -USR2 %d", (int)getpid());
	segment_say_who_dies("", 0, run->options->segment,
			     run->options->disable_oom_detection ? NULL : run->folder.path);
	return 0;
}

/* All that a report is made of is in it, and the report is not complete. */
static void keep_segment(const struct run *run)
{
	if (run->options->segment) {
		supervise_keep_segment(run->supervisor);
		say_error("what was recorded is in %s: fil-profile report %s",
			  run->options->segment, run->options->segment);
	}
}

static struct outcome follow(struct run *run)
{
	struct outcome outcome;
	bool is_complete;

	for (;;) {
		switch (supervise_next(run->supervisor)) {
		case SUPERVISE_SNAPSHOT:
			run_start_snapshot(run);
			break;
		case SUPERVISE_FAILED_ALLOCATION:
			run_keep_refused(run);
			break;
		case SUPERVISE_BREACH:
			run_show_stopped(run);
			break;
		case SUPERVISE_PICTURE:
			picture_begin(run);
			break;
		case SUPERVISE_SCOPE:
			scope_report_start(run);
			break;
		case SUPERVISE_CHILD_ENDED:
			run_reap_snapshots(run);
			scope_report_reap(run);
			break;
		case SUPERVISE_ENDED:
			is_complete = run_write_report(run) == 0;
			scope_report_last(run);
			outcome = supervise_outcome(run->supervisor);
			if (!is_complete) {
				keep_segment(run);
			}
			supervise_done(run->supervisor);
			if (is_complete) {
				run_show_report(run);
			} else {
				result_folder_abandon(&run->folder);
			}
			return outcome;
		}
	}
}

void run_done(struct run *run)
{
	free(run->command);
	free(run->directory);
	target_done(&run->target);
}

int cmd_run(const struct options *options)
{
	struct run run = {.options = options};
	struct outcome outcome;
	int status;

	say_quietly(options->quiet);
	status = prepare(&run);
	if (status == 0) {
		status = start(&run);
	}
	if (status != 0) {
		run_done(&run);
		return status;
	}
	outcome = follow(&run);
	result_folder_done(&run.folder);
	run_done(&run);
	if (options->oom_status >= 0 && verdict_is_out_of_memory(outcome.verdict)) {
		return options->oom_status;
	}
	supervise_die_as(&outcome);
}
