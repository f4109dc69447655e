// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* One function per command: each returns the status that the tool ends with, or does not return. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/options.h"

/** The tool's own failures. */
#define STATUS_OWN_ERROR 125

/** fil-profile run: see cmd/run.c. Ends as the workload ended. */
int cmd_run(const struct options *options);

/** fil-profile report: see cmd/report.c. */
int cmd_report(const struct options *options);

/** fil-profile python: see cmd/python.c. Ends as the workload ended. */
int cmd_python(const struct options *options);

/** fil-profile jupyter: see cmd/jupyter.c. */
int cmd_jupyter(const struct options *options);

/** fil-profile help, and --help of a command (COMMAND_NONE: of the tool), on stdout. */
int cmd_help(const struct options *options);

/** fil-profile --version, on stdout. */
int cmd_version(void);

/** fil-profile --license, on stdout: of everything that is in the program. */
int cmd_license(void);

/** Say what is wrong with the command line: the words, the wrong one underlined, what to do. */
void help_explain_error(const struct options_error *error);

#endif
