// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil-profile jupyter: what can be done for Jupyter is the package's to know, so this becomes
 * "python -m filprofiler.jupyter OUR-PATH ARG...", with the package from the tool.
 */
#include "cmd/commands.h"
#include "cmd/package.h"
#include "cmd/program.h"
#include "cmd/say.h"
#include "cmd/target.h"
#include "cmd/variables.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* program is our own path, which the kernel is to be started by. */
static char **make_argv(char *interpreter, char *program, const struct options *options)
{
	char **argv = calloc(options->word_count + 5, sizeof(*argv));

	if (argv) {
		argv[0] = interpreter;
		argv[1] = "-m";
		argv[2] = "filprofiler.jupyter";
		argv[3] = program;
		memcpy(argv + 4, options->words, options->word_count * sizeof(*argv));
	}
	return argv;
}

/* Ends in that program, or returns why not. */
static int become(const struct options *options, char *interpreter, const char *program)
{
	char path[64], own[PATH_MAX], *variable, **argv, **environment;
	ssize_t own_len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (own_len < 0) {
		return errno;
	}
	own[own_len] = '\0';
	if (package_open(path, sizeof(path), true) < 0) {
		return errno;
	}
	variable = package_variable(path, environ);
	environment = variables_new(environ, (struct variables_wanted){.python_path = variable});
	argv = make_argv(interpreter, own, options);
	if (!variable || !environment || !argv) {
		return ENOMEM;
	}
	execve(program, argv, environment);
	return errno;
}

int cmd_jupyter(const struct options *options)
{
	char *interpreter = target_interpreter_name(options);
	char *program = interpreter ? program_find(interpreter, getenv("PATH")) : NULL;
	int error;

	if (!program) {
		say_error("no such Python: %s; give --python PATH",
			  interpreter ? interpreter : "not enough memory");
		return STATUS_OWN_ERROR;
	}
	error = become(options, interpreter, program);
	say_error("cannot run %s: %s", program, strerror(error));
	return STATUS_OWN_ERROR;
}
