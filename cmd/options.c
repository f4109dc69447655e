// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The table. Adding an option is adding a row, and a member of struct options. */
#include "cmd/options.h"

#include "cmd/limit.h"
#include "core/report/report.h"

#include <stddef.h>

/* Room for the names of report formats. */
#define FORMATS_MAX 16u

static const char *const *format_names(void)
{
	static const char *names[FORMATS_MAX];
	size_t count = 0;

	while (count < FORMATS_MAX - 1 && report_formats[count].name) {
		names[count] = report_formats[count].name;
		count++;
	}
	return names;
}

static const char *const *measure_names(void)
{
	static const char *const names[] = {"peak", "end", "total", NULL};
	return names;
}

static const char *const *metric_names(void)
{
	return limit_metric_names;
}

static const char *const *action_names(void)
{
	return limit_action_names;
}

static const char *const *switch_names(void)
{
	static const char *const names[] = {"yes", "no", NULL};
	return names;
}

#define RUN COMMAND_RUN
#define REPORT COMMAND_REPORT
#define PYTHON COMMAND_PYTHON
#define ANY (COMMAND_RUN | COMMAND_REPORT | COMMAND_HELP | PYTHON | COMMAND_JUPYTER)
#define TO(member) offsetof(struct options, member)

const struct option_row option_table[] = {
	{"output", 'o', OPTION_TEXT, RUN, TO(output), "DIR", NULL,
	 "make the folder of the run below DIR (fil-result)"},
	{"python", 0, OPTION_TEXT, RUN | PYTHON | COMMAND_JUPYTER, TO(python), "PATH", NULL,
	 "the Python to use ($VIRTUAL_ENV's, or python3 on PATH)"},
	{NULL, 'm', OPTION_TARGET, RUN, TO(module), "MODULE", NULL,
	 "run a module, as python -m does"},
	{NULL, 'c', OPTION_TARGET, RUN, TO(code), "CODE", NULL,
	 "run Python code, as python -c does"},
	{"no-browser", 0, OPTION_FLAG, RUN, TO(no_browser), NULL, NULL,
	 "do not open the report in a browser"},
	{"quiet", 'q', OPTION_FLAG, RUN | PYTHON, TO(quiet), NULL, NULL,
	 "say nothing but errors"},
	{"no-source", 0, OPTION_FLAG, RUN | PYTHON, TO(no_source), NULL, NULL,
	 "keep source lines out of what is written"},
	{"no-argv", 0, OPTION_FLAG, RUN | PYTHON, TO(no_argv), NULL, NULL,
	 "keep the command line out of what is written"},
	{"native", 0, OPTION_SWITCH, RUN | PYTHON, TO(native), "yes|no", switch_names,
	 "machine code in the stacks (of what is not Python)"},
	{"segment", 0, OPTION_TEXT, RUN, TO(segment), "FILE", NULL,
	 "keep what is recorded in FILE until the report is there"},
	{"single-threaded-pools", 0, OPTION_FLAG, RUN, TO(single_threaded_pools), NULL, NULL,
	 "one thread for OpenMP, OpenBLAS, MKL, NumExpr, Blosc"},
	{"limit", 0, OPTION_LIMIT, RUN, TO(limit), "SIZE", NULL,
	 "as on a machine with so much RAM: 2G, 50%, auto"},
	{"limit-of", 0, OPTION_CHOICE, RUN, TO(limit_of), "METRIC", metric_names,
	 "what is limited (resident memory, as by the kernel)"},
	{"on-limit", 0, OPTION_CHOICE, RUN, TO(on_limit), "ACTION", action_names,
	 "what happens at the limit (the program is killed)"},
	{"no-deterministic", 0, OPTION_FLAG, RUN, TO(no_deterministic), NULL, NULL,
	 "leave addresses and hash seed random under a limit"},
	{"no-fault-counter", 0, OPTION_FLAG, RUN, TO(no_fault_counter), NULL, NULL,
	 "notice memory that is touched only from outside"},
	{"fail-at", 0, OPTION_NUMBER, RUN, TO(fail_at), "N", NULL,
	 "let the N-th allocation fail"},
	{"disable-oom-detection", 0, OPTION_FLAG, RUN, TO(disable_oom_detection), NULL, NULL,
	 "take no picture in advance when memory runs low"},
	{"oom-status", 0, OPTION_STATUS, RUN, TO(oom_status), "N", NULL,
	 "end with status N if memory ran out (as the program)"},
	{"fit", 0, OPTION_FLAG, RUN, TO(fit), NULL, NULL,
	 "say at the end how much RAM it needs"},
	{"budget", 0, OPTION_SIZE, RUN, TO(budget_bytes), "SIZE", NULL,
	 "say at the end what to cut to fit into so much RAM"},
	{"format", 0, OPTION_CHOICE, REPORT, TO(format), "FORMAT", format_names,
	 "what to write (text, or as FILE is named)"},
	{"of", 0, OPTION_CHOICE, REPORT, TO(of), "MOMENT", measure_names,
	 "memory of which moment (the peak)"},
	{"reversed", 0, OPTION_FLAG, REPORT, TO(reversed), NULL, NULL,
	 "flame graphs: begin with what allocated"},
	{"output", 'o', OPTION_TEXT, REPORT, TO(output), "FILE", NULL,
	 "write into FILE, not to standard output"},
	{"no-source", 0, OPTION_FLAG, REPORT, TO(no_source), NULL, NULL,
	 "leave the text of source lines out"},
	{"fit", 0, OPTION_FLAG, REPORT, TO(fit), NULL, NULL,
	 "write only how much RAM it needs"},
	{"budget", 0, OPTION_SIZE, REPORT, TO(budget_bytes), "SIZE", NULL,
	 "tell what to cut to fit into so much RAM"},
	{"compare", 0, OPTION_TEXT, REPORT, TO(compare), "OTHER", NULL,
	 "write only what differed from another run at its limit"},
	{"symbols", 0, OPTION_LIST, REPORT, TO(symbols), "DIR", NULL,
	 "look in DIR for names of machine code that has none"},
	{"help", 'h', OPTION_COMMAND, ANY, COMMAND_HELP, NULL, NULL, "show this help"},
	{"version", 'V', OPTION_COMMAND, ANY, COMMAND_VERSION, NULL, NULL, "show the version"},
	{"license", 0, OPTION_COMMAND, ANY, COMMAND_LICENSE, NULL, NULL,
	 "show the licences of what is in it"},
	{NULL, 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL},
};

const char *const command_names[] = {"run", "report", "help", "python", "jupyter", NULL};

const char *command_name(enum command command)
{
	for (size_t i = 0; command_names[i]; i++) {
		if (command & 1u << i) {
			return command_names[i];
		}
	}
	return "";
}
