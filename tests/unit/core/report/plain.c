// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The reports that are plain text, of profiles that try to break out of them. */
#include "core/profile/builder.h"
#include "core/report/escape.h"
#include "core/report/report.h"
#include "tests/unit/core/profile/sample.h"
#include "tests/unit/test.h"

typedef int report_writer(FILE *, const struct profile *, const struct report_options *);

/** What a writer writes; one at a time. */
static char *rendered(const struct profile *profile, report_writer *write, enum measure of)
{
	static char text[1 << 20];
	struct report_options options = { .of = of, .with_source = true };
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	REQUIRE(write(out, profile, &options) == 0);
	fclose(out);
	return text;
}

static void folded_has_one_line_per_stack(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "job.py:3 (<module>);/srv/app/lib.py:101 (Loader.load) 419430400\n"
		  "job.py:3 (<module>);[thread started here] 5242880\n"
		  "job.py:3 (<module>);/srv/app/lib.py:101 (Loader.load);"
		  "a\\x3bb\\x0a<b>\\x1b[2J\\x5cx41\\xff\"\xe2\x80\xae:7 "
		  "(a\\x3bb\\x0a<b>\\x1b[2J\\x5cx41\\xff\"\xe2\x80\xae) 1000\n"
		  "[No Python stack] 64\n");
	profile_free(profile);
}

static void check_parts(const char *text, const char *const *parts, int count)
{
	for (int i = 0; i < count; i++) {
		if (!strstr(text, parts[i])) {
			CHECK_STR(text, parts[i]);
		}
		CHECK(strstr(text, parts[i]));
	}
}

static char *with_budget(const struct profile *profile, uint64_t bytes)
{
	static char text[1 << 16];
	struct report_options options = { .of = MEASURE_PEAK, .budget_bytes = bytes };
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	REQUIRE(report_write_text(out, profile, &options) == 0);
	fclose(out);
	return text;
}

static void text_of_a_killed_program(void)
{
	static const char head[] =
		"verdict     killed by the kernel for lack of memory (SIGKILL; its cgroup, "
		"limited to 500.0 MiB,\n"
		"            counted 1 out-of-memory kill) after 1 min 02 s\n"
		"limit       400.0 MiB of resident memory, as containers count it; it was not "
		"reached\n"
		"command     python3 job.py 'a b'\n"
		"directory   /srv/app\n";
	static const char totals[] =
		"started     2023-11-14 22:13:20 UTC\n"
		"python      3.11.7\n"
		"peak        405.0 MiB (424,674,344 bytes) in 14 blocks\n"
		"out of mem. 200.0 MiB (209,716,264 bytes) in 12 blocks\n"
		"in all      405.0 MiB (424,674,344 bytes) in 14 allocations\n"
		"resident    418.0 MiB at most; limit 500.0 MiB\n";
	static const char rest[] =
		"check       stacks sum to the peak: yes (424,674,344 bytes)\n"
		"note        3 allocations counted as live for too long, after a free that was not "
		"seen\n"
		"note        2 child processes ran, the largest used 10.0 MiB, not profiled\n"
		"note        1 allocation was refused for lack of memory, the last of 1.0 TiB\n"
		"\n"
		"Refused: an allocation of 1.0 TiB (1,099,511,627,776 bytes)\n"
		"\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    File \"/srv/app/lib.py\", line 101, in Loader.load\n"
		"    File \"a;b\\n<b>\\x1b[2J\\x41\xef\xbf\xbd\"\\u202e\", line 7, in "
		"a;b\\n<b>\\x1b[2J\\x41\xef\xbf\xbd\"\\u202e\n"
		"\n"
		"Held when memory ran out, by call stack\n"
		"\n"
		"  1. 200.0 MiB, 100 %, 1 block\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    File \"/srv/app/lib.py\", line 101, in Loader.load\n";
	static const char threads[] =
		"\n"
		"Where its threads were last seen to allocate\n"
		"\n"
		"  thread 4711, 0 allocations of the program before\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    File \"/srv/app/lib.py\", line 101, in Loader.load\n"
		"\n"
		"  thread 4712, 0 allocations of the program before\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    [thread started here]\n"
		"\n"
		"What the kernel counts, when it was most\n"
		"\n"
		"     380.0 MiB       398,458,880  tracked      what it asked for, as the stacks "
		"show "
		"it\n"
		"  +   16.0 MiB        16,777,216  not tracked  interpreter, libraries, stacks, "
		"gaps "
		"between blocks\n"
		"  +    2.0 MiB         2,097,152  shared       shared memory and tmpfs that is "
		"mapped\n"
		"  +    1.0 MiB         1,048,576  page tables  which memory is where\n"
		"  +   60.0 KiB            61,440  kernel       for 3 threads in 1 process\n"
		"  =  399.1 MiB       418,443,264  charged      what has to fit below a limit\n"
		"  +   20.0 MiB        20,971,520  files        mapped; dropped when memory is "
		"short\n";
	static const char fit[] =
		"How much RAM it needs\n"
		"\n"
		"  it needs at least 399.1 MiB of RAM; how much more, had it gone on, is not "
		"known\n"
		"     396.0 MiB       415,236,096  anonymous    heap, stacks, data of libraries\n"
		"  +    2.0 MiB         2,097,152  shared       shared memory and tmpfs that is "
		"mapped\n"
		"  +    1.0 MiB         1,048,576  page tables  which memory is where\n"
		"  +   60.0 KiB            61,440  kernel       for 3 threads in 1 process\n"
		"  =  399.1 MiB       418,443,264  need         at least\n"
		"  +    8.0 MiB         8,368,864  margin       2 %, and no less than 2 MiB\n"
		"  resources: {requests: {memory: 416Mi}, limits: {memory: 480Mi}}\n"
		"  requests: need and margin, rounded up; limits: 1/8 more\n";
	struct profile *profile = sample_profile(VERDICT_OOM_CONFIRMED);
	char *text = rendered(profile, report_write_text, MEASURE_END);
	const char *parts[] = { head, totals, rest, threads, fit };
	check_parts(text, parts, 5);
	CHECK(!strstr(text, "What to cut"));
	profile_free(profile);
}

static void text_of_a_breach(void)
{
	static const char head[] =
		"limit       400.0 MiB of resident memory, as containers count it\n"
		"breach      it had 401.0 MiB and asked for 2.0 MiB more, 3.0 MiB too much; seen "
		"in "
		"the program, when\n"
		"            it asked for memory, at allocation number 123,456, in thread 4712; 3 "
		"allocations were\n"
		"            refused in all\n";
	static const char stack[] =
		"Where it asked for 2.0 MiB (2,097,152 bytes) when the limit was reached\n"
		"\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    [thread started here]\n";
	static const char cut[] =
		"What to cut\n"
		"\n"
		"  to fit into 400.0 MiB, 3.0 MiB of 403.0 MiB have to go; the largest line, of "
		"200.0 "
		"MiB, is enough\n"
		"  of it 3.0 MiB would do\n"
		"    1.  200.0 MiB, in all  200.0 MiB; 1 block\n"
		"       /srv/app/lib.py:101 Loader.load\n"
		"\n";
	static const char threads[] =
		"Where its threads were last seen to allocate\n"
		"\n"
		"  thread 4712, which reached the limit, 0 allocations of the program before\n"
		"    File \"job.py\", line 3, in <module>\n"
		"    [thread started here]\n"
		"\n"
		"  thread 4711, 0 allocations of the program before\n";
	static const char fit[] =
		"  it needs at least 403.0 MiB of RAM; how much more, had it gone on, is not "
		"known\n";
	struct profile *profile = sample_profile(VERDICT_CEILING);
	const char *parts[] = { head, stack, cut, threads, fit };
	check_parts(rendered(profile, report_write_text, MEASURE_END), parts, 5);
	/* One that was refused memory and went on has broken its ceiling, too. */
	profile->outcome.verdict = VERDICT_EXITED;
	profile->outcome.breach.action = CEILING_ENOMEM;
	check_parts(rendered(profile, report_write_text, MEASURE_END), parts, 5);
	profile_free(profile);
}

static void text_with_a_budget(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	CHECK(strstr(with_budget(profile, 100 << 20),
		     "  to fit into 100.0 MiB, 299.1 MiB of 399.1 MiB have to go; the largest "
		     "line, "
		     "of 400.0 MiB, is\n"
		     "  enough\n"
		     "  of it 308.1 MiB would do\n"
		     "  9.0 MiB of what is tracked was not in RAM then, nobody knows of which "
		     "lines: so much more is\n"
		     "  listed\n"
		     "    1.  400.0 MiB, in all  400.0 MiB; 2 blocks\n"));
	CHECK(strstr(with_budget(profile, (uint64_t)1 << 30),
		     "What to cut\n\n  it fits into 1.0 GiB: it took 399.1 MiB\n\nHeld"));
	profile->outcome.max_rss_bytes = 0;
	profile->outcome.charge = (struct charge){ .anonymous_bytes = 105 << 20,
						   .shared_bytes = 200 << 20 };
	char *text = with_budget(profile, 100 << 20);
	CHECK(strstr(text, "have to go; all that is tracked, 405.0 MiB, is not\n"
			   "  enough\n"
			   "  100.0 MiB more: of the interpreter, its libraries and what else is "
			   "not tracked\n"
			   "  300.0 MiB of what is tracked was not in RAM then, nobody knows of "
			   "which lines: so much more is\n"
			   "  listed\n"
			   "    1.  400.0 MiB, in all  400.0 MiB; 2 blocks\n"));
	CHECK(strstr(text, "    4.   64 bytes, in all  405.0 MiB; 1 block\n"
			   "       [No Python stack]\n\n"));
	profile->outcome.charge = (struct charge){ 0 };
	text = with_budget(profile, 100 << 20);
	CHECK(strstr(text, "  whether it fits into 100.0 MiB is not known: nobody saw what the "
			   "kernel "
			   "charged\n"));
	CHECK(strstr(text, "  how much RAM it needs is not known: nobody saw what the kernel "
			   "charged"
			   "\n"));
	CHECK(!strstr(text, "What the kernel counts"));
	profile_free(profile);
}

/* A thousand sites that are too small one by one are not all printed. */
static void a_long_cut_is_summed_up(void)
{
	struct builder builder;
	builder_init(&builder);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t frame = builder_frame(&builder, builder_text(&builder, "f.py"),
					       builder_text(&builder, "f"), i + 1, 0);
		struct profile_entry entry = { .node = builder_node(&builder, 0, frame),
					       .peak_bytes = 1 << 20, .peak_blocks = 1 };
		builder_entry(&builder, &entry);
	}
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	profile->outcome.verdict = VERDICT_EXITED;
	profile->outcome.charge.anonymous_bytes = (uint64_t)1200 << 20;
	profile->outcome.charge_tracked_bytes = (uint64_t)1000 << 20;
	CHECK(strstr(with_budget(profile, (uint64_t)400 << 20),
		     "   20.    1.0 MiB, in all   20.0 MiB; 1 block\n"
		     "       f.py:20 f\n"
		     "       and 780 more, of 780.0 MiB\n"));
	CHECK(strstr(with_budget(profile, (uint64_t)1179 << 20), "       f.py:21 f\n\nHeld"));
	profile_free(profile);
}

/** A profile of one stack of count frames, built by next. */
static struct profile *one_stack(uint32_t count, uint32_t (*line_of)(uint32_t i))
{
	struct builder builder;
	builder_init(&builder);
	uint32_t node = 0;
	for (uint32_t i = 0; i < count; i++) {
		node = builder_node(&builder, node,
				    builder_frame(&builder, builder_text(&builder, "f.py"),
						  builder_text(&builder, "f"), line_of(i), 0));
	}
	builder_entry(&builder, &(struct profile_entry){ .node = node, .peak_bytes = 10 });
	builder.profile->peak_bytes = 10;
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	return profile;
}

static uint32_t recursion(uint32_t i)
{
	return i == 0 ? 1 : i == 9999 ? 3 : 2;
}

static uint32_t mutual_recursion(uint32_t i)
{
	return i % 2 + 1;
}

static unsigned lines_with(const char *text, const char *what)
{
	unsigned count = 0;
	for (const char *at = text; (at = strstr(at, what)); at++) {
		count++;
	}
	return count;
}

static void recursion_is_told_as_python_does(void)
{
	struct profile *profile = one_stack(10000, recursion);
	CHECK(strstr(rendered(profile, report_write_text, MEASURE_PEAK),
		     "    File \"f.py\", line 1, in f\n"
		     "    File \"f.py\", line 2, in f\n"
		     "    File \"f.py\", line 2, in f\n"
		     "    File \"f.py\", line 2, in f\n"
		     "    [Previous line repeated 9995 more times]\n"
		     "    File \"f.py\", line 3, in f\n"));
	profile_free(profile);
	profile = one_stack(10000, mutual_recursion);
	char *text = rendered(profile, report_write_text, MEASURE_PEAK);
	CHECK(strstr(text, "    [9940 more calls]\n"));
	CHECK_INT(lines_with(text, "File \"f.py\""), 60);
	CHECK_INT(lines_with(rendered(profile, report_write_folded, MEASURE_PEAK), ";"), 9999);
	profile_free(profile);
}

/** Every frame of a recursion allocates: 10,000 stacks, of 5,000 frames each. */
static struct profile *deep_stacks(void)
{
	struct builder builder;
	builder_init(&builder);
	uint32_t node = 0;
	uint32_t name = builder_text(&builder, "/a/name/as/long/as/names/of/files/are.py");
	for (uint32_t i = 0; i < 10000; i++) {
		node = builder_node(&builder, node, builder_frame(&builder, name, name, i + 1, 0));
		struct profile_entry entry = { .node = node, .peak_bytes = i + 1 };
		builder_entry(&builder, &entry);
	}
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	return profile;
}

static void folded_fills_no_disk(void)
{
	struct profile *profile = deep_stacks();
	struct report_options options = { .of = MEASURE_PEAK };
	FILE *out = tmpfile();
	REQUIRE(out && report_write_folded(out, profile, &options) == 0);
	CHECK(ftell(out) < (long)258 << 20);
	rewind(out);
	char *line = NULL;
	size_t capacity = 0;
	unsigned lines = 0;
	unsigned long bytes = 0;
	unsigned left_out = 0;
	while (getline(&line, &capacity, out) > 0) {
		lines++;
		bytes += strtoul(strrchr(line, ' '), NULL, 10);
		CHECK_INT(left_out, 0);
		sscanf(line, "[%u smaller stacks] ", &left_out);
	}
	CHECK(left_out > 0);
	CHECK_INT(lines - 1 + left_out, 10000);
	CHECK_INT(bytes, 10000ul * 10001 / 2);
	free(line);
	fclose(out);
	profile_free(profile);
}

/* The program may have chosen its names to clear a screen or to forge a line of ours. */
static void nothing_acts_on_a_terminal(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	report_writer *const writers[] = { report_write_text, report_write_folded };
	for (int i = 0; i < 2; i++) {
		const char *text = rendered(profile, writers[i], MEASURE_PEAK);
		for (const char *at = text; *at; at++) {
			CHECK((unsigned char)*at >= 0x20 || *at == '\n');
		}
		CHECK(!strstr(text, "\n<b>"));
	}
	profile_free(profile);
}

static void lines_have_100_columns(void)
{
	struct builder builder;
	builder_init(&builder);
	char *wide = malloc(4000);
	REQUIRE(wide);
	memset(wide, 'x', 3999);
	wide[3999] = '\0';
	memcpy(wide, "   y = \xe4\xb8\xad\xe4\xb8\xad ", 14);
	uint32_t frame = builder_frame(&builder, builder_text(&builder, "f.py"),
				       builder_text(&builder, "f"), 5, 0);
	builder.profile->frames[frame].source = builder_text(&builder, wide);
	builder.profile->frames[frame].flags |= FRAME_SOURCE_CHANGED;
	uint32_t node = builder_node(&builder, 0, frame);
	builder_entry(&builder, &(struct profile_entry){ .node = node, .peak_bytes = 10 });
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	char *text = rendered(profile, report_write_text, MEASURE_PEAK);
	CHECK(strstr(text, "      y = \xe4\xb8\xad\xe4\xb8\xad xxxx"));
	CHECK(strstr(text, "xxx...   # file changed since start\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		CHECK(escape_columns(line, strlen(line)) <= 100);
	}
	free(wide);
	profile_free(profile);
}

static void speedscope_has_weights_for_samples(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	char *text = rendered(profile, report_write_speedscope, MEASURE_PEAK);
	CHECK(strstr(text, "\"samples\":[\n[0,1],\n[0,3],\n[0,1,2],\n[4]],\n"
			   "\"weights\":[419430400,5242880,1000,64]}]}\n"));
	CHECK(strstr(text, "{\"name\":\"a;b\\u000a\\u003cb\\u003e\\u001b[2J"
			   "\\\\x41\xef\xbf\xbd\\\""));
	profile_free(profile);
}

static void formats_are_found_by_name(void)
{
	unsigned count = 0;
	for (const struct report_format *format = report_formats; format->name; format++) {
		CHECK(report_find_format(format->name) == format);
		CHECK(format->extension[0] == '.');
		count++;
	}
	CHECK_INT(count, 6);
	CHECK(!report_find_format("pdf"));
	CHECK(!report_find_format(""));
}

struct summary_lines {
	unsigned count;
	char text[20][300];
};

static void keep_line(void *context, const char *text)
{
	struct summary_lines *lines = context;
	REQUIRE(lines->count < 20);
	snprintf(lines->text[lines->count++], 300, "%s", text);
}

static void summary_names_the_lines(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct summary_lines lines = { 0 };
	report_summary(profile, keep_line, &lines);
	CHECK_INT(lines.count, 8);
	CHECK_STR(lines.text[0], "verdict: exited with status 0 after 1 min 02 s");
	CHECK_STR(lines.text[1],
		  "peak memory: 405.0 MiB (424,674,344 bytes); resident: 418.0 MiB at most");
	CHECK_STR(lines.text[2], "   400.0 MiB  98.8 %  /srv/app/lib.py:101 Loader.load");
	CHECK_STR(lines.text[3], "     5.0 MiB   1.2 %  job.py:3 <module>");
	CHECK(strstr(lines.text[4], "a;b\\n<b>\\x1b[2J\\x41"));
	profile_free(profile);
}

static void summary_of_a_breach_has_one_line_more(void)
{
	struct profile *profile = sample_profile(VERDICT_CEILING);
	struct summary_lines lines = { 0 };
	report_summary(profile, keep_line, &lines);
	CHECK_STR(lines.text[2], "   200.0 MiB   100 %  /srv/app/lib.py:101 Loader.load");
	CHECK_STR(lines.text[5],
		  "to fit into 400.0 MiB, 3.0 MiB of 403.0 MiB have to go; the largest line, of "
		  "200.0 MiB, is enough");
	CHECK(!strstr(lines.text[6], "fit"));
	profile->outcome.breach.charge_bytes += 300 << 20;
	lines.count = 0;
	report_summary(profile, keep_line, &lines);
	CHECK(strstr(lines.text[5], "; all that is tracked, 200.0 MiB, is not enough"));
	profile_free(profile);
}

static void fit_is_told_in_lines(void)
{
	struct profile *profile = sample_profile(VERDICT_EXITED);
	struct summary_lines lines = { 0 };
	report_fit(profile, keep_line, &lines);
	CHECK_INT(lines.count, 9);
	CHECK_STR(lines.text[0], "it would have finished in 399.1 MiB of RAM");
	CHECK_STR(lines.text[1],
		  "   396.0 MiB       415,236,096  anonymous    heap, stacks, data of libraries");
	CHECK_STR(lines.text[5],
		  "=  399.1 MiB       418,443,264  need         the smallest RAM");
	CHECK_STR(lines.text[7],
		  "resources: {requests: {memory: 416Mi}, limits: {memory: 480Mi}}");
	profile_free(profile);
}

int main(void)
{
	RUN(folded_has_one_line_per_stack);
	RUN(text_of_a_killed_program);
	RUN(text_of_a_breach);
	RUN(text_with_a_budget);
	RUN(a_long_cut_is_summed_up);
	RUN(recursion_is_told_as_python_does);
	RUN(folded_fills_no_disk);
	RUN(nothing_acts_on_a_terminal);
	RUN(lines_have_100_columns);
	RUN(speedscope_has_weights_for_samples);
	RUN(formats_are_found_by_name);
	RUN(summary_names_the_lines);
	RUN(summary_of_a_breach_has_one_line_more);
	RUN(fit_is_told_in_lines);
	return test_done();
}
