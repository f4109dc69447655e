// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What to run: from the words of "fil-profile run" to a program and its argv, as plain exec takes
 * them. A script runs as "python3 SCRIPT ..." would, so that everything in it is exactly Python's.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include "cmd/options.h"
#include "cmd/program.h"

struct target {
	/** Path for execve; owned. */
	char *program;
	/** NULL-terminated array, owned; its words are the command line's, or interpreter. */
	char **argv;
	/** The Python that was chosen, as one would have typed it; NULL for a program. Owned. */
	char *interpreter;
	/** The text given with -c, shown as the source of "<string>"; NULL: none. Not owned. */
	const char *code_text;
};

/**
 * Decide what the options mean and check that it can be profiled. 0, or -1 with *ret_refusal
 * filled. The options must outlive the target; target_done in both cases.
 *
 * The first word is a script for Python if it is "-", or ends in .py, .pyw, .pyc, .pyz or .zip, or
 * is a folder with a __main__.py; otherwise it is a program, found as execvp finds it.
 */
int target_resolve(struct target *target, const struct options *options, struct machine tool,
		   struct refusal *ret_refusal);

/** The same for the words of "fil-profile python": an interpreter and all that follows. */
int target_resolve_interpreter(struct target *target, const struct options *options,
			       struct machine tool, struct refusal *ret_refusal);

/**
 * The Python to use: --python, else $VIRTUAL_ENV's, else that of the virtual environment in which
 * the tool is installed, else python3 from PATH. malloc'ed; NULL without memory.
 */
char *target_interpreter_name(const struct options *options);

void target_done(struct target *target);

#endif
