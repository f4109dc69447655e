// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What the tool tells about itself: help, version, shell completion, explained command lines. */
#include "cmd/commands.h"

#include "cmd/say.h"
#include "cmd/suggest.h"
#include "cmd/words.h"
#include "core/base/attributes.h"
#include "core/base/version.h"
#include "core/report/escape.h"
#include "core/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 27
/* Of a command line that is shown with its wrong word: what fits beside our prefix. */
#define SHOWN_COLUMNS 76u

static const char tool_help[] =
	"fil-profile " FIL_VERSION ": which lines of a program hold its memory at the peak\n"
	"\n"
	"Usage:\n"
	"  fil-profile run [OPTIONS] SCRIPT.py [ARG...]\n"
	"  fil-profile run [OPTIONS] -m MODULE [ARG...]\n"
	"  fil-profile run [OPTIONS] -c CODE [ARG...]\n"
	"  fil-profile run [OPTIONS] [--] PROGRAM [ARG...]\n"
	"  fil-profile report [OPTIONS] CAPTURE\n"
	"  fil-profile python [ARG...]\n"
	"  fil-profile jupyter install [--user|--sys-prefix]\n"
	"  fil-profile help [run|report|python|jupyter|completion]\n"
	"\n"
	"run starts a program and, whatever ends it, leaves a report of its memory in a new\n"
	"folder below fil-result. report writes one again, in another form, from the capture\n"
	"in such a folder. python starts an interpreter in which parts of a program, or cells\n"
	"of a notebook, are profiled. fil-profile help COMMAND tells more.\n";

static const char run_help[] =
	"Usage: fil-profile run [OPTIONS] SCRIPT.py | -m MODULE | -c CODE | [--] PROGRAM [ARG...]\n"
	"\n"
	"Run a program as without us, and leave a report of its memory in a new folder, whatever\n"
	"ends it. All that follows the script, module, code or program belongs to it.\n"
	"\n"
	"Options:\n";

static const char run_help_end[] =
	"\n"
	"FIL_OPTIONS in the environment holds options to begin with, quoted as for a shell.\n"
	"kill -USR2 PID, of fil-profile or of the program, writes a report of the peak so far.\n"
	"\n"
	"The status is the program's; if a signal ended it, fil-profile ends by the same. 125 is\n"
	"for our own errors, 126 for what cannot be executed, 127 for what is not found.\n";

static const char report_help[] =
	"Usage: fil-profile report [OPTIONS] CAPTURE\n"
	"\n"
	"Write a report from a capture (capture.fil, the folder it is in, or - for standard\n"
	"input): text on standard output unless told otherwise.\n"
	"\n"
	"Options:\n";

static const char python_help[] =
	"Usage: fil-profile [OPTIONS] python [ARG...]\n"
	"\n"
	"Start Python with its own arguments, all that follow. Nothing is profiled until the\n"
	"program asks for it:\n"
	"\n"
	"  from filprofiler.api import profile, profile_block\n"
	"  result = profile(function, \"fil-result/function\")\n"
	"  with profile_block(\"fil-result/block\") as run:\n"
	"      ...\n"
	"\n"
	"or in IPython and Jupyter: %load_ext filprofiler, then %%filprofile on top of a cell.\n"
	"With pytest: fil-profile python -m pytest -p filprofiler.pytest_plugin --fil.\n"
	"\n"
	"Options, before python:\n";

static const char jupyter_help[] =
	"Usage: fil-profile jupyter install [--user|--sys-prefix|--prefix=DIR]\n"
	"\n"
	"Give Jupyter the kernel \"Python 3 with Fil\", in which cells can be profiled: for this\n"
	"user (the default), or in the environment of the Python that is used.\n"
	"\n"
	"Options, before jupyter:\n";

static const char completion_head[] =
	"# Completion for fil-profile: bash, or zsh after bashcompinit. To have it:\n"
	"#   eval \"$(fil-profile help completion)\"\n"
	"_fil_profile() {\n"
	"\tlocal i command= word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\trun | report | python | jupyter | help) command=${COMP_WORDS[i]}; break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t[[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\t[[ $word == = ]] && word=\n"
	"\tcase $before in\n";

static const char completion_tail[] =
	"\tesac\n"
	"}\n"
	"complete -o default -F _fil_profile fil-profile\n";

static bool is_last_row(const struct option_row *row)
{
	return !row->name && !row->letter;
}

/* "-o, --output=DIR" */
static void format_option(const struct option_row *row, char *text, size_t size)
{
	const char *value = row->value ? row->value : "";

	if (!row->name) {
		snprintf(text, size, "-%c %s", row->letter, value);
	} else if (row->letter) {
		snprintf(text, size, "-%c, --%s%s%s", row->letter, row->name, row->value ? "=" : "",
			 value);
	} else if (row->kind == OPTION_SWITCH) {
		snprintf(text, size, "    --%s[=%s]", row->name, value);
	} else {
		snprintf(text, size, "    --%s%s%s", row->name, row->value ? "=" : "", value);
	}
}

static void print_choices(const struct option_row *row)
{
	const char *const *names = row->choices();

	printf("%*s", HELP_COLUMN + 4, "");
	for (size_t i = 0; names[i]; i++) {
		printf("%s%s", i ? ", " : "", names[i]);
	}
	printf("\n");
}

static void print_options(enum command command)
{
	char text[64];

	for (const struct option_row *row = option_table; !is_last_row(row); row++) {
		if (!(row->commands & command)) {
			continue;
		}
		format_option(row, text, sizeof(text));
		printf("  %-*s  %s\n", HELP_COLUMN, text, row->help);
		if (row->kind == OPTION_CHOICE) {
			print_choices(row);
		}
	}
}

static void print_names(enum command command)
{
	for (const struct option_row *row = option_table; !is_last_row(row); row++) {
		if (row->commands & command && row->name) {
			printf(" --%s", row->name);
		}
	}
}

static int print_completion(void)
{
	fputs(completion_head, stdout);
	for (const struct option_row *row = option_table; !is_last_row(row); row++) {
		if (row->kind == OPTION_CHOICE) {
			printf("\t--%s)\n\t\tCOMPREPLY=($(compgen -W '", row->name);
			for (const char *const *name = row->choices(); *name; name++) {
				printf("%s%s", *name, name[1] ? " " : "");
			}
			printf("' -- \"$word\")); return ;;\n");
		}
	}
	printf("\tesac\n\tcase $command,$word in\n");
	for (size_t i = 0; command_names[i]; i++) {
		printf("\t%s,-*) COMPREPLY=($(compgen -W '", command_names[i]);
		print_names((enum command)(1 << i));
		printf("' -- \"$word\")) ;;\n");
	}
	printf("\t,*) COMPREPLY=($(compgen -W 'run report python jupyter help --help --version "
	       "--license' -- \"$word\"))\n");
	printf("\t\t;;\n");
	printf("\tjupyter,*) COMPREPLY=($(compgen -W 'install' -- \"$word\")) ;;\n");
	printf("\thelp,*) COMPREPLY=($(compgen -W 'run report python jupyter completion' "
	       "-- \"$word\")) ;;\n");
	fputs(completion_tail, stdout);
	return 0;
}

static int help_of(enum command command)
{
	static const struct {
		enum command command;
		const char *text, *end;
	} texts[] = {
		{COMMAND_RUN, run_help, run_help_end},
		{COMMAND_REPORT, report_help, ""},
		{COMMAND_PYTHON, python_help, ""},
		{COMMAND_JUPYTER, jupyter_help, ""},
	};

	for (size_t i = 0; i < countof(texts); i++) {
		if (texts[i].command == command) {
			fputs(texts[i].text, stdout);
			print_options(command);
			fputs(texts[i].end, stdout);
			return 0;
		}
	}
	fputs(tool_help, stdout);
	return 0;
}

static int refuse_topic(const char *topic)
{
	static const char *const topics[] = {"run", "report", "python", "jupyter", "completion",
					     NULL};
	const char *near = suggest_nearest(topic, topics);

	say_error("there is no help on %s", topic);
	if (near) {
		say_error("did you mean %s?", near);
	} else {
		say_error("there is on run, report, python, jupyter and completion");
	}
	return STATUS_OWN_ERROR;
}

int cmd_help(const struct options *options)
{
	const char *topic = options->word_count ? options->words[0] : "help";

	if (options->command != COMMAND_HELP && options->command != COMMAND_NONE) {
		return help_of(options->command);
	}
	if (strcmp(topic, "completion") == 0) {
		return print_completion();
	}
	for (size_t i = 0; command_names[i]; i++) {
		if (strcmp(topic, command_names[i]) == 0) {
			return help_of((enum command)(1u << i));
		}
	}
	return refuse_topic(topic);
}

int cmd_version(void)
{
	printf("fil-profile %s\n", FIL_VERSION);
	return 0;
}

static size_t columns_of(const char *text, size_t len)
{
	return escape_columns(text, len);
}

/* Word i as it is shown: the tool by its name, wherever it lies. */
static const char *shown_word(const struct options_error *error, size_t i)
{
	return i == 0 && !error->in_defaults ? "fil-profile" : error->where[i];
}

/* The words around the wrong one in one line, and a line of "^~~~" below the wrong part. */
static void underline(const struct options_error *error)
{
	static const char tildes[] = "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
	const char *wrong = error->where[error->index];
	size_t first = 0, indent = 0, len = columns_of(wrong + error->start, error->len);
	char *before = NULL;
	size_t before_len;
	FILE *out;

	/* As many words before it as fit. */
	for (size_t i = error->index, used = columns_of(wrong, strlen(wrong)); i > 0; i--) {
		const char *word = shown_word(error, i - 1);
		used += columns_of(word, strlen(word)) + 1;
		if (used > SHOWN_COLUMNS) {
			first = i;
			break;
		}
	}
	out = open_memstream(&before, &before_len);
	if (!out) {
		return;
	}
	if (error->in_defaults) {
		fputs("FIL_OPTIONS=", out);
	}
	if (first > 0) {
		fputs("... ", out);
	}
	for (size_t i = first; i < error->index; i++) {
		fprintf(out, "%s ", shown_word(error, i));
	}
	if (fclose(out) == 0) {
		indent = columns_of(before, before_len) + columns_of(wrong, error->start);
		say_error("  %s%s%s", before, wrong, error->where[error->index + 1] ? " ..." : "");
		say_error("  %*s^%.*s", (int)indent, "", len > 1 ? (int)len - 1 : 0, tildes);
	}
	free(before);
}

void help_explain_error(const struct options_error *error)
{
	say_error("%s", error->message);
	if (error->where && error->where[error->index]) {
		underline(error);
	}
	if (*error->advice) {
		say_error("%s", error->advice);
	}
}
