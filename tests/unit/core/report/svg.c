// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/report.h"
#include "tests/unit/core/report/sample_profile.h"
#include "tests/unit/test.h"

/* The SVG of a profile, which is released; the text is the caller's to free. */
static char *svg_of(struct profile *profile, enum measure of, bool reversed, bool with_source)
{
	struct report_options options = { .of = of,
					  .reversed = reversed,
					  .with_source = with_source };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	REQUIRE(report_write_svg(out, profile, &options) == 0);
	REQUIRE(fclose(out) == 0 && strlen(text) == len);
	profile_free(profile);
	return text;
}

static unsigned occurrences(const char *text, const char *part)
{
	unsigned count = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) {
		count++;
	}
	return count;
}

static void shows_frames_with_source_and_sizes(void)
{
	char *text = svg_of(sample_pandas(), MEASURE_PEAK, false, true);
	CHECK(strstr(text, "Peak of tracked memory: 1.2 GiB"));
	CHECK(strstr(text, ">report.py:61 (&lt;module&gt;)</text>"));
	CHECK(strstr(text, ">main(sys.argv[1:])</text>"));
	CHECK(strstr(text, "<title>/home/ana/jobs/report.py:54 (main)\n"
			   "joined = trips.merge(stations, on=&quot;station_id&quot;, "
			   "how=&quot;left&quot;)\n"
			   "289.0 MiB (303,038,464 bytes), 22.8 % of the peak, in 4,626 blocks"
			   "</title>"));
	CHECK(strstr(text, "910 stacks."));
	CHECK(strstr(text, "900 stacks ("));
	free(text);
	text = svg_of(sample_pandas(), MEASURE_PEAK, false, false);
	CHECK(strstr(text, ">report.py:61 (&lt;module&gt;)</text>"));
	CHECK(!strstr(text, "main(sys.argv[1:])"));
	free(text);
}

static void reversed_begins_with_what_allocated(void)
{
	char *text = svg_of(sample_pandas(), MEASURE_TOTAL, true, true);
	const char *inner =
		strstr(text, "<title>" SAMPLE_SITE "pandas/io/parsers/c_parser_wrapper.py:234");
	const char *outer = strstr(text, "<title>/home/ana/jobs/report.py:61");
	CHECK(strstr(text, "All memory allocated during the run: "));
	CHECK(strstr(text, "(reversed: what allocated on top)"));
	REQUIRE(inner && outer);
	CHECK(inner < outer);
	free(text);
}

static void the_moment_is_named(void)
{
	char *text = svg_of(sample_out_of_memory(), MEASURE_END, false, true);
	CHECK(strstr(text, "Memory held when it ran out: "));
	free(text);
}

static void the_same_profile_makes_the_same_bytes(void)
{
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		char *first = svg_of(sample_many(3000), MEASURE_PEAK, reversed, true);
		char *second = svg_of(sample_many(3000), MEASURE_PEAK, reversed, true);
		CHECK_STR(first, second);
		free(first);
		free(second);
	}
}

static void names_stay_text(void)
{
	char *text = svg_of(sample_hostile(), MEASURE_PEAK, false, true);
	CHECK_INT(occurrences(text, "<script"), 1);
	CHECK_INT(occurrences(text, "</script"), 1);
	CHECK(!strstr(text, "<img") && !strstr(text, "\" onload") && !strstr(text, "<b>"));
	CHECK(!strstr(text, "\x1b") && !strstr(text, "\xff") && !strstr(text, "\xe2\x80\xae"));
	CHECK_INT(occurrences(text, "]]>"), 2);
	CHECK(strstr(text, "a&quot; onload=&quot;alert(5)"));
	free(text);
}

static void deep_recursion_has_a_bounded_height(void)
{
	char *text = svg_of(sample_deep(10000), MEASURE_PEAK, false, true);
	unsigned width = 0, height = 0;
	CHECK(strstr(text, "\xe2\x80\xa6 9,905 more frames"));
	CHECK_INT(sscanf(strstr(text, "<svg "), "<svg xmlns=\"%*[^\"]\" width=\"%u\" height=\"%u\"",
			 &width, &height),
		  2);
	CHECK_INT(width, 1200);
	CHECK(height > 1000 && height < 5000);
	free(text);
}

static void nothing_tracked_is_said(void)
{
	char *text = svg_of(sample_empty(), MEASURE_PEAK, false, true);
	CHECK(strstr(text, "no memory was tracked"));
	CHECK(!strstr(text, "<script"));
	free(text);
}

static void many_stacks_stay_a_small_file(void)
{
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		char *text = svg_of(sample_many(100000), MEASURE_PEAK, reversed, true);
		CHECK(strstr(text, "100,000 stacks."));
		CHECK(strlen(text) < 2000000);
		free(text);
	}
}

static void a_full_disk_is_an_error(void)
{
	struct profile *profile = sample_pandas();
	struct report_options options = { .of = MEASURE_PEAK };
	FILE *out = fopen("/dev/full", "w");
	REQUIRE(out);
	setvbuf(out, NULL, _IONBF, 0);
	CHECK_INT(report_write_svg(out, profile, &options), -1);
	fclose(out);
	profile_free(profile);
}

int main(void)
{
	RUN(shows_frames_with_source_and_sizes);
	RUN(reversed_begins_with_what_allocated);
	RUN(the_moment_is_named);
	RUN(the_same_profile_makes_the_same_bytes);
	RUN(names_stay_text);
	RUN(deep_recursion_has_a_bounded_height);
	RUN(nothing_tracked_is_said);
	RUN(many_stacks_stay_a_small_file);
	RUN(a_full_disk_is_an_error);
	return test_done();
}
