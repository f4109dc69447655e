// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/options.h"
#include "tests/unit/test.h"

static struct options options;
static struct options_error error;

static int parse(const char *defaults, char *const *argv)
{
	static char *words[16];
	size_t count = 0;

	/* Results point into the words: these stay. */
	do {
		REQUIRE(count < 16);
		words[count] = argv[count];
	} while (argv[count++]);
	options_done(&options);
	memset(&error, 0, sizeof(error));
	return options_parse(&options, words, defaults, &error);
}

#define PARSE_WITH(defaults, ...) parse(defaults, (char *const[]){"fil-profile", __VA_ARGS__, NULL})
#define PARSE(...) PARSE_WITH(NULL, __VA_ARGS__)

/* The part of the command line that an error underlines. */
static const char *underlined(void)
{
	static char text[128];

	REQUIRE(error.where && error.where[error.index]);
	REQUIRE(error.start + error.len <= strlen(error.where[error.index]));
	snprintf(text, sizeof(text), "%.*s", (int)error.len,
		 error.where[error.index] + error.start);
	return text;
}

static void switch_needs_no_value_and_takes_no_word(void)
{
	REQUIRE(PARSE("run", "job.py") == 0);
	CHECK(!options.native);
	REQUIRE(PARSE("run", "--native", "no") == 0);
	CHECK_STR(options.native, "yes");
	CHECK_STR(options.words[0], "no");
	REQUIRE(PARSE("run", "--native=no", "job.py") == 0);
	CHECK_STR(options.native, "no");
	CHECK_INT(PARSE("run", "--native=on", "job.py"), -1);
	CHECK_STR(underlined(), "on");
	CHECK_INT(PARSE("run", "--native=", "job.py"), -1);
}

static void nothing_is_help(void)
{
	CHECK_INT(parse(NULL, (char *const[]){"fil-profile", NULL}), 0);
	CHECK_INT(options.command, COMMAND_NONE);
}

static void run_leaves_the_workload_its_words(void)
{
	REQUIRE(PARSE("run", "job.py", "-o", "x", "--quiet", "--", "-m") == 0);
	CHECK_INT(options.command, COMMAND_RUN);
	CHECK_INT(options.word_count, 6);
	CHECK_STR(options.words[1], "-o");
	CHECK_STR(options.words[5], "-m");
	CHECK(!options.output && !options.quiet && !options.module);
	REQUIRE(PARSE("run", "-q", "--", "--odd-name", "--quiet") == 0);
	CHECK_INT(options.word_count, 2);
	CHECK_STR(options.words[0], "--odd-name");
	REQUIRE(PARSE("run", "-", "-q") == 0);
	CHECK_STR(options.words[0], "-");
	CHECK(!options.quiet);
}

static void modules_and_code_end_the_options(void)
{
	REQUIRE(PARSE("run", "-q", "-m", "json.tool", "-m", "--quiet") == 0);
	CHECK_STR(options.module, "json.tool");
	CHECK_INT(options.word_count, 2);
	REQUIRE(PARSE("run", "-mjson.tool", "x") == 0);
	CHECK_STR(options.module, "json.tool");
	CHECK_STR(options.words[0], "x");
	REQUIRE(PARSE("run", "-c", "", "-q") == 0);
	CHECK_STR(options.code, "");
	CHECK(!options.quiet);
	REQUIRE(PARSE("run", "-c", "-q") == 0);
	CHECK_STR(options.code, "-q");
}

static void values_stand_in_any_form(void)
{
	REQUIRE(PARSE("run", "-o", "a", "x") == 0);
	CHECK_STR(options.output, "a");
	REQUIRE(PARSE("run", "-oa=b", "x") == 0);
	CHECK_STR(options.output, "a=b");
	REQUIRE(PARSE("run", "--output", "a", "x") == 0);
	CHECK_STR(options.output, "a");
	REQUIRE(PARSE("run", "--output=a=b", "--oom-status=53", "x") == 0);
	CHECK_STR(options.output, "a=b");
	CHECK_INT(options.oom_status, 53);
	REQUIRE(PARSE("run", "-o", "-q", "x") == 0);
	CHECK_STR(options.output, "-q");
	REQUIRE(PARSE("run", "x") == 0);
	CHECK_INT(options.oom_status, -1);
}

static void sizes_are_bytes(void)
{
	REQUIRE(PARSE("run", "--budget=1.5GiB", "--fit", "x") == 0);
	CHECK_INT(options.budget_bytes, 1610612736);
	CHECK(options.fit);
	REQUIRE(PARSE("report", "--budget", "300m", "x") == 0);
	CHECK_INT(options.budget_bytes, 314572800);
	CHECK(!options.fit);
	REQUIRE(PARSE("run", "x") == 0);
	CHECK_INT(options.budget_bytes, 0);
}

static void options_may_stand_before_the_command(void)
{
	REQUIRE(PARSE("-o", "run", "--no-browser", "run", "--quiet", "job.py") == 0);
	CHECK_INT(options.command, COMMAND_RUN);
	CHECK_STR(options.output, "run");
	CHECK(options.no_browser && options.quiet);
	CHECK_INT(options.word_count, 1);
	REQUIRE(PARSE("--format", "svg", "report", "x.fil") == 0);
	CHECK_STR(options.format, "svg");
}

static void python_and_jupyter_leave_all_words(void)
{
	REQUIRE(PARSE("--python=py", "-q", "python", "-m", "x", "--no-source", "-o") == 0);
	CHECK_INT(options.command, COMMAND_PYTHON);
	CHECK_STR(options.python, "py");
	CHECK(options.quiet && !options.no_source && !options.module);
	CHECK_INT(options.word_count, 4);
	CHECK_STR(options.words[0], "-m");
	CHECK_STR(options.words[3], "-o");
	REQUIRE(PARSE("python") == 0);
	CHECK_INT(options.word_count, 0);
	REQUIRE(PARSE("jupyter", "install", "--help") == 0);
	CHECK_INT(options.command, COMMAND_JUPYTER);
	CHECK(!options.help);
	CHECK_STR(options.words[1], "--help");
	CHECK_STR(command_name(COMMAND_RUN | COMMAND_PYTHON), "run");
	CHECK_STR(command_name(COMMAND_VERSION), "");
}

static void report_takes_options_anywhere(void)
{
	REQUIRE(PARSE("report", "x", "--format=html", "-o", "y", "--of=end", "--reversed") == 0);
	CHECK_INT(options.command, COMMAND_REPORT);
	CHECK_STR(options.format, "html");
	CHECK_STR(options.of, "end");
	CHECK_STR(options.output, "y");
	CHECK(options.reversed);
	CHECK_INT(options.word_count, 1);
	REQUIRE(PARSE("report", "--", "--format=html") == 0);
	CHECK_STR(options.words[0], "--format=html");
}

static void help_and_version_are_commands(void)
{
	REQUIRE(PARSE("--help") == 0);
	CHECK(options.help);
	REQUIRE(PARSE("run", "--help") == 0);
	CHECK(options.help);
	CHECK_INT(options.command, COMMAND_RUN);
	REQUIRE(PARSE("report", "-h") == 0);
	CHECK(options.help);
	REQUIRE(PARSE("--version") == 0);
	CHECK_INT(options.command, COMMAND_VERSION);
	REQUIRE(PARSE("help", "run") == 0);
	CHECK_STR(options.words[0], "run");
	REQUIRE(PARSE("run", "job.py", "--help") == 0);
	CHECK(!options.help);
}

static void defaults_come_first(void)
{
	REQUIRE(PARSE_WITH("--quiet -o 'a b' --oom-status 3", "run", "-o", "c", "x") == 0);
	CHECK(options.quiet);
	CHECK_STR(options.output, "c");
	CHECK_INT(options.oom_status, 3);
	REQUIRE(PARSE_WITH("-o 'a b'", "run", "x") == 0);
	CHECK_STR(options.output, "a b");
	REQUIRE(PARSE_WITH("", "run", "x") == 0);
	REQUIRE(PARSE_WITH("-o out --nonsense", "report", "x") == 0);
	CHECK_STR(options.output, NULL);
}

static void unknown_options_are_underlined(void)
{
	CHECK_INT(PARSE("run", "--quiet", "--no-brower=3", "x"), -1);
	CHECK_STR(error.message, "unknown option --no-brower");
	CHECK_STR(error.advice, "did you mean --no-browser?");
	CHECK_STR(underlined(), "--no-brower");
	CHECK_INT(error.index, 3);
	CHECK_INT(PARSE("--quite", "run", "x"), -1);
	CHECK_STR(underlined(), "--quite");
	CHECK_INT(PARSE("run", "-qx", "x"), -1);
	CHECK_STR(error.message, "unknown option -qx");
	CHECK_INT(PARSE("run", "-X", "dev", "x.py"), -1);
	CHECK_STR(error.advice,
		  "for options of Python itself name it: fil-profile run python3 -X ...");
	CHECK_INT(PARSE("run", "--nothing-like-it", "x"), -1);
	CHECK_STR(error.advice, "fil-profile help run lists the options");
}

static void options_of_other_commands_are_named(void)
{
	CHECK_INT(PARSE("run", "--format=svg", "x"), -1);
	CHECK_STR(error.message, "--format is an option of report, not of run");
	CHECK_STR(underlined(), "--format");
	CHECK_INT(PARSE("--no-argv", "report", "x"), -1);
	CHECK_STR(error.message, "--no-argv is an option of run, not of report");
}

static void wrong_values_are_underlined(void)
{
	CHECK_INT(PARSE("run", "--oom-status", "256", "x"), -1);
	CHECK_STR(underlined(), "256");
	CHECK_INT(error.index, 3);
	CHECK_INT(PARSE("run", "--oom-status=-1", "x"), -1);
	CHECK_STR(error.message, "--oom-status: -1 is not a number from 0 to 255");
	CHECK_STR(underlined(), "-1");
	CHECK_INT(PARSE("run", "--oom-status=", "x"), -1);
	CHECK_STR(error.message, "--oom-status needs a N");
	CHECK_INT(PARSE("run", "--budget", "2 elephants", "x"), -1);
	CHECK_STR(error.message, "--budget needs a size such as 2G, 512M or 1.5GiB, not 2 "
				 "elephants");
	CHECK_STR(underlined(), "2 elephants");
	CHECK_INT(error.index, 3);
	CHECK_INT(PARSE("report", "--budget=0", "x"), -1);
	CHECK_STR(underlined(), "0");
	CHECK_INT(PARSE("run", "--budget="), -1);
	CHECK_STR(error.message, "--budget needs a SIZE");
	CHECK_INT(PARSE("report", "--format", "htlm"), -1);
	CHECK_STR(underlined(), "htlm");
	CHECK_INT(PARSE("report", "--of=middle", "x"), -1);
	CHECK_STR(error.advice, "it is one of peak, end or total");
	CHECK_INT(PARSE("run", "--quiet=yes", "x"), -1);
	CHECK_STR(error.message, "--quiet takes no value");
	CHECK_STR(underlined(), "=yes");
	CHECK_INT(PARSE("run", "-o"), -1);
	CHECK_STR(error.message, "-o needs a DIR");
	CHECK_INT(PARSE("run", "-o", "", "x"), -1);
	CHECK_STR(error.message, "-o needs a DIR");
}

static void wrong_commands_are_explained(void)
{
	CHECK_INT(PARSE("rnu", "x"), -1);
	CHECK_STR(error.advice, "did you mean run?");
	CHECK_INT(PARSE("-q", "job.py"), -1);
	CHECK_STR(error.advice, "to profile a program: fil-profile run job.py");
	CHECK_STR(underlined(), "job.py");
	CHECK_INT(PARSE("-m", "json.tool", "x"), -1);
	CHECK_STR(error.message, "-m needs a command before it");
	CHECK_INT(PARSE("--", "run"), -1);
	CHECK_STR(error.message, "-- needs a command before it");
}

static void wrong_defaults_are_explained(void)
{
	CHECK_INT(PARSE_WITH("--quiet --qiuet", "run", "x"), -1);
	CHECK(error.in_defaults);
	CHECK_STR(underlined(), "--qiuet");
	CHECK_INT(PARSE_WITH("run", "run", "x"), -1);
	CHECK_STR(error.message, "run has no place in FIL_OPTIONS");
	CHECK_INT(PARSE_WITH("-m x", "run", "x"), -1);
	CHECK_STR(error.message, "-m has no place in FIL_OPTIONS");
	CHECK_INT(PARSE_WITH("--help", "run", "x"), -1);
	CHECK_STR(error.message, "--help has no place in FIL_OPTIONS");
	CHECK_INT(PARSE_WITH("-o 'a", "run", "x"), -1);
	CHECK(error.where == NULL);
	CHECK_INT(PARSE_WITH("-o", "run", "x"), -1);
	CHECK_STR(error.message, "-o needs a DIR");
}

/* The help and the completion are printed from the table as it is. */
static void rows_are_complete(void)
{
	for (const struct option_row *row = option_table; row->name || row->letter; row++) {
		CHECK(row->commands && row->help && *row->help);
		CHECK((row->kind == OPTION_FLAG || row->kind == OPTION_COMMAND) == !row->value);
		CHECK((row->kind == OPTION_CHOICE || row->kind == OPTION_SWITCH)
		      == (row->choices != NULL));
		CHECK(!row->name || strlen(row->name) < 30);
	}
}

int main(void)
{
	RUN(nothing_is_help);
	RUN(switch_needs_no_value_and_takes_no_word);
	RUN(run_leaves_the_workload_its_words);
	RUN(modules_and_code_end_the_options);
	RUN(values_stand_in_any_form);
	RUN(sizes_are_bytes);
	RUN(options_may_stand_before_the_command);
	RUN(python_and_jupyter_leave_all_words);
	RUN(report_takes_options_anywhere);
	RUN(help_and_version_are_commands);
	RUN(defaults_come_first);
	RUN(unknown_options_are_underlined);
	RUN(options_of_other_commands_are_named);
	RUN(wrong_values_are_underlined);
	RUN(wrong_commands_are_explained);
	RUN(wrong_defaults_are_explained);
	RUN(rows_are_complete);
	options_done(&options);
	return test_done();
}
