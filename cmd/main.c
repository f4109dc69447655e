// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The map, in the order in which things happen:
 *
 *   main                     cmd/main.c: this file
 *    options_parse           cmd/options.h: one table of options; words.h, suggest.h
 *    cmd_run                 cmd/run.c: fil-profile run
 *     target_resolve         cmd/target.h: script, module or program; program.h: can it be profiled
 *     segment_make_room      cmd/segment.h: the file that the segment is kept in, if wanted
 *     result_folder_create   cmd/result_folder.h: where reports go
 *     supervise_start        core/supervise: spawns the workload with the hook in it
 *
 *       in the workload:     core/hook     interposed malloc, mmap, Python's allocators, exec, fork
 *                            core/stack    reads the Python stack of an allocation
 *                            core/shm      records both in the segment, shared memory
 *
 *     supervise_next         core/supervise: signals, samples, requests, the end; core/host
 *     run_start_snapshot     cmd/run_reports.c: reports, made in workers (cmd/worker.h)
 *     picture_begin          cmd/picture.h: a picture in advance, when memory is almost out
 *     scope_report_start      cmd/scope_reports.h: of a part that the workload has asked for
 *     run_write_report
 *      profile_collect       core/profile: from the segment to a profile
 *      names_find            core/profile: names of machine code; core/symbols: ELF and DWARF
 *      capture_write         core/capture: the profile in a file
 *      report_formats        core/report: text, folded stacks, SVG, HTML, pprof, speedscope
 *      browser_open          cmd/browser.h
 *     supervise_die_as       ends as the workload did
 *    cmd_python              cmd/python.c: an interpreter in which scopes are profiled: the package
 *                            cmd/python/filprofiler (cmd/package.h) asks core/hook/scope.c for them
 *    cmd_jupyter             cmd/jupyter.c: hands over to the package
 *    cmd_report              cmd/report.c: fil-profile report; capture_read, left_segment_read,
 *                            report_formats
 *    cmd_help                cmd/help.c: help, version, shell completion, explained errors
 *
 *   Borders: core/base has what both processes share; core/elf reads programs for both.
 *   Everything that the tool says goes through cmd/say.h.
 */
#include "cmd/commands.h"
#include "cmd/options.h"
#include "core/base/attributes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Should stdin, stdout or stderr be closed, the next file we open would take its place. What stands
 * in for it is closed on exec: the workload finds them closed, as it would without us.
 */
static void occupy_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
}

static int dispatch(const struct options *options)
{
	if (options->command == COMMAND_VERSION) {
		return cmd_version();
	}
	if (options->command == COMMAND_LICENSE) {
		return cmd_license();
	}
	if (options->help || options->command == COMMAND_NONE || options->command == COMMAND_HELP) {
		return cmd_help(options);
	}
	switch (options->command) {
	case COMMAND_RUN:
		return cmd_run(options);
	case COMMAND_PYTHON:
		return cmd_python(options);
	case COMMAND_JUPYTER:
		return cmd_jupyter(options);
	default:
		return cmd_report(options);
	}
}

int main(attr_unused int argc, char **argv)
{
	struct options options;
	struct options_error error;
	int status = STATUS_OWN_ERROR;

	occupy_standard_descriptors();
	if (options_parse(&options, argv, getenv("FIL_OPTIONS"), &error) == 0) {
		status = dispatch(&options);
	} else {
		help_explain_error(&error);
	}
	options_done(&options);
	return status;
}
