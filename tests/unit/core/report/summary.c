// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Which line of a stack the summary on stderr names. */
#include "core/report/report.h"
#include "tests/unit/core/report/sample_profile.h"

#include <stdio.h>

struct third_line {
	unsigned count;
	char text[300];
};

static void keep_third(void *context, const char *text)
{
	struct third_line *third = context;
	if (++third->count == 3) {
		snprintf(third->text, sizeof(third->text), "%s", text);
	}
}

/* The third line of the summary of a profile of one stack: what is to blame. */
static void check_blamed(const struct sample_frame *stack, size_t count, const char *expected)
{
	struct sample sample;
	struct third_line third = { 0 };
	sample_init(&sample, "run");
	sample_entry(&sample, sample_stack(&sample, 0, stack, count), SAMPLE_MIB, 0, SAMPLE_MIB);
	struct profile *profile = sample_finish(&sample);
	report_summary(profile, keep_third, &third);
	CHECK_STR(third.text, expected);
	profile_free(profile);
}

static void summary_names_what_is_closest_to_the_user(void)
{
	static const struct sample_frame tool[] = {
		{ "<frozen runpy>", 198, "_run_module_as_main", NULL },
		{ SAMPLE_SITE "pip/__main__.py", 22, "<module>", "from pip import main" },
		{ "<frozen importlib._bootstrap_external>", 729, "_compile_bytecode", NULL },
	};
	static const struct sample_frame typed[] = {
		{ "<string>", 1, "<module>", NULL },
		{ SAMPLE_SITE "pandas/io/json.py", 5, "read_json", "return loads(text)" },
	};
	static const struct sample_frame generated[] = {
		{ "/srv/job.py", 7, "<module>", NULL },
		{ SAMPLE_LIB "dataclasses.py", 9, "replace", NULL },
		{ "<string>", 3, "__init__", NULL },
	};
	check_blamed(tool, 3,
		     "     1.0 MiB   100 %  " SAMPLE_SITE
		     "pip/__main__.py:22 <module>: from pip import main");
	check_blamed(tool, 1, "     1.0 MiB   100 %  <frozen runpy>:198 _run_module_as_main");
	check_blamed(typed, 2, "     1.0 MiB   100 %  <string>:1 <module>");
	check_blamed(generated, 3, "     1.0 MiB   100 %  /srv/job.py:7 <module>");
}

/* A program without debug information, in main, and libx264, in x264_encode. */
static void main_without_a_line_says_nothing(void)
{
	struct sample sample;
	struct third_line third = { 0 };
	sample_init(&sample, "ffmpeg");
	struct builder *builder = &sample.builder;
	static const char *const paths[] = { "/usr/bin/ffmpeg", "/usr/lib/libx264.so.164" };
	static const char *const names[][2] = { { "ffmpeg", "main" },
						{ "libx264.so.164", "x264_encode" } };
	uint32_t node = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct profile_frame frame = {
			.file = builder_text(builder, names[i][0]),
			.function = builder_text(builder, names[i][1]),
			.flags = FRAME_NATIVE,
			.module = builder_module(builder, builder_text(builder, paths[i]), 0) + 1,
		};
		node = builder_node(builder, node, builder_whole_frame(builder, &frame));
	}
	builder->profile->modules[0].flags = MODULE_PROGRAM;
	sample_entry(&sample, node, SAMPLE_MIB, 0, SAMPLE_MIB);
	struct profile *profile = sample_finish(&sample);
	report_summary(profile, keep_third, &third);
	CHECK_STR(third.text, "     1.0 MiB   100 %  libx264.so.164 x264_encode");
	profile_free(profile);
}

int main(void)
{
	RUN(summary_names_what_is_closest_to_the_user);
	RUN(main_without_a_line_says_nothing);
	return test_done();
}
