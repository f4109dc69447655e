// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Called with arguments, this writes a report of a made-up profile to stdout, for the tests in a
 * browser and to look at: html SAMPLE FORMAT [reversed], where SAMPLE is pandas, oom, breach,
 * hostile, deep, empty or a number of stacks, and FORMAT is one of report_formats or capture.
 */

#include "core/report/html_parts.h"
#include "core/capture/capture.h"
#include "core/report/report.h"
#include "tests/unit/core/report/sample_profile.h"
#include "tests/unit/test.h"

#include <unistd.h>

static char *page_of(const struct profile *profile, const struct report_options *options)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	REQUIRE(report_write_html(out, profile, options) == 0);
	REQUIRE(fclose(out) == 0 && strlen(text) == len);
	return text;
}

/* The page of a profile, which is released; the text is the caller's to free. */
static char *default_page(struct profile *profile)
{
	struct report_options options = { .of = report_default_measure(profile),
					  .with_source = true };
	char *text = page_of(profile, &options);
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

static void the_head_says_how_it_ended(void)
{
	char *text = default_page(sample_pandas());
	CHECK(strstr(text, "<p class=\"verdict well\" id=\"verdict\">Exited with status 0</p>"));
	CHECK(strstr(text, "python3 report.py --months 12 &#39;data/trips 2025-*.csv&#39;</h1>"));
	CHECK(strstr(text, "<dt>Peak of tracked memory</dt><dd>1.2 GiB</dd>"));
	CHECK(strstr(text, "1,328,942,279 bytes in 20,977 blocks"));
	CHECK(strstr(text, "Checked: the 910 stacks sum to the peak, 1,328,942,279 bytes"));
	CHECK(strstr(text, "<time datetime=\"2026-11-23T04:14:07Z\">2026-11-23 04:14:07 UTC<"));
	free(text);
	text = default_page(sample_out_of_memory());
	CHECK(strstr(text, "<p class=\"verdict bad\" id=\"verdict\">Killed by the kernel"));
	CHECK(strstr(text, "<div class=\"tile big\"><dt>Memory held when it ran out</dt>"));
	CHECK(strstr(text, "17 allocations not recorded"));
	CHECK(strstr(text, "4 child processes ran"));
	free(text);
}

static void a_breach_is_answered(void)
{
	char *text = default_page(sample_breach());
	CHECK(strstr(text, "<p class=\"breach\"><b>Limit:</b> 1.5 GiB of resident memory"));
	CHECK(strstr(text, "394.0 MiB too much; seen in the program"));
	CHECK(strstr(text, "\">--limit 1.5 GiB</span>"));
	CHECK(strstr(text, "to fit into 1.5 GiB, 394.0 MiB of 1.9 GiB have to go; the largest "
			   "line"));
	CHECK(strstr(text, "<td class=\"place\">report.py:18</td><td class=\"function\">load</td>"
			   "<td class=\"source code\">frames.append(pd.read_csv(name, "));
	CHECK(strstr(text, "<tr><td>\xe2\x88\x92</td><td class=\"number\">20.0 MiB</td>"));
	CHECK(strstr(text, "requests: {memory: 1984Mi}, limits: {memory: 2240Mi}"));
	CHECK(strstr(text, "\"breach\":[\"Where it asked for 400.0 MiB (419,430,400 bytes) when "
			   "the "
			   "limit was reached\",["));
	CHECK(strstr(text, "\"threads\":[[4711,4719,83712,1,["));
	free(text);
	text = default_page(sample_pandas());
	CHECK(!strstr(text, "class=\"breach\"") && !strstr(text, "id=\"cut\""));
	CHECK(strstr(text, "how much RAM it needs is not known"));
	CHECK(strstr(text, "\"threads\":[]"));
	free(text);
}

static void a_budget_is_answered(void)
{
	struct profile *profile = sample_breach();
	profile->outcome.breach = (struct breach){ 0 };
	struct report_options options = { .of = MEASURE_END, .budget_bytes = 300 * SAMPLE_MIB };
	char *text = page_of(profile, &options);
	CHECK(strstr(text, "to fit into 300.0 MiB, 1.2 GiB of 1.5 GiB have to go; all that is "
			   "tracked, "
			   "1.2 GiB, is not enough."));
	CHECK(!strstr(text, "frames.append(")); /* without source there is none */
	free(text);
	profile->outcome.charge = (struct charge){ 0 };
	text = page_of(profile, &options);
	CHECK(strstr(text, "whether it fits into 300.0 MiB is not known"));
	free(text);
	profile_free(profile);
}

static void a_sum_that_is_off_is_said(void)
{
	struct profile *profile = sample_pandas();
	profile->peak_bytes += 1024;
	char *text = default_page(profile);
	CHECK(strstr(text,
		     "The stacks sum to 1,328,942,279 bytes, 1,024 bytes less than the peak"));
	CHECK(!strstr(text, "Checked:"));
	free(text);
}

static void the_page_needs_nothing_else(void)
{
	char *text = default_page(sample_pandas());
	CHECK(strstr(text, "default-src 'none'"));
	CHECK_INT(occurrences(text, "http://"), occurrences(text, "http://www.w3.org/"));
	CHECK_INT(occurrences(text, "https://"), 0);
	CHECK_INT(occurrences(text, " src="), 0);
	CHECK_INT(occurrences(text, "<link"), 0);
	CHECK_INT(occurrences(text, "url("), 0);
	CHECK_INT(occurrences(text, "@import"), 0);
	free(text);
}

static void names_stay_text(void)
{
	char *text = default_page(sample_hostile());
	CHECK_INT(occurrences(text, "<script"), 2);
	CHECK_INT(occurrences(text, "</script"), 2);
	CHECK_INT(occurrences(text, "</noscript"), 1);
	CHECK(!strstr(text, "<img") && !strstr(text, "\" onload=\"") && !strstr(text, "<b>"));
	CHECK(!strstr(text, "<!--") && !strstr(text, "\x1b") && !strstr(text, "\xff"));
	CHECK(!strstr(text, "\xe2\x80\xa8") && !strstr(text, "\xe2\x80\xae"));
	free(text);
}

static void without_source_none_is_in_the_page(void)
{
	struct profile *profile = sample_pandas();
	struct report_options options = { .of = MEASURE_PEAK };
	char *text = page_of(profile, &options);
	CHECK(!strstr(text, "main(sys.argv[1:])"));
	CHECK(strstr(text, "report.py"));
	free(text);
	profile_free(profile);
}

static void the_same_profile_makes_the_same_bytes(void)
{
	char *first = default_page(sample_many(2000));
	char *second = default_page(sample_many(2000));
	CHECK_STR(first, second);
	free(first);
	free(second);
}

static void ten_thousand_stacks_are_below_two_megabytes(void)
{
	char *text = default_page(sample_many(10000));
	CHECK(strlen(text) < 2000000);
	free(text);
}

static void nothing_tracked_is_a_page_too(void)
{
	char *text = default_page(sample_empty());
	CHECK(strstr(text, "no memory was tracked"));
	CHECK(strstr(text, "too short to be measured over time"));
	free(text);
}

/* What a damaged capture may say; the sanitizers of make SAN=asan look on. */
static void numbers_at_their_limits_are_harmless(void)
{
	struct profile *profile = sample_breach();
	struct usage_sample *last = &profile->samples[profile->sample_count - 1];
	memset(last, 0xff, sizeof(*last));
	profile->outcome.duration_ms = INT64_MIN;
	profile->outcome.start_unix_ms = INT64_MAX;
	profile->outcome.cpu_user_ms = INT64_MAX;
	profile->outcome.cpu_system_ms = INT64_MAX;
	profile->outcome.cgroup_limit_bytes = UINT64_MAX;
	profile->peak_bytes = UINT64_MAX;
	profile->entries[0].end_bytes = UINT64_MAX;
	profile->entries[1].end_bytes = UINT64_MAX;
	profile->entries[2].end_blocks = UINT64_MAX;
	profile->threads[0].age_allocations = UINT64_MAX;
	memset(&profile->outcome.charge, 0xff, sizeof(profile->outcome.charge));
	memset(&profile->outcome.breach, 0xff, sizeof(profile->outcome.breach));
	profile->outcome.breach.limit_bytes = 1;
	profile->segment_bytes = UINT64_MAX;
	profile->outcome.charge_file_bytes = UINT64_MAX;
	profile->outcome.charge_tracked_bytes = UINT64_MAX;
	char *text = default_page(profile);
	CHECK(strstr(text, "</html>"));
	free(text);
}

static const struct call_site *find_site(const struct profile *profile,
					 const struct call_sites *sites, const char *function)
{
	for (uint32_t i = 0; i < sites->count; i++) {
		const struct profile_frame *frame = &profile->frames[sites->sites[i].frame];
		if (strcmp(profile_string(profile, frame->function), function) == 0) {
			return &sites->sites[i];
		}
	}
	REQUIRE(!"no such site");
	return NULL;
}

static struct call_sites sites_of(const struct profile *profile, uint32_t top)
{
	struct call_sites sites;
	REQUIRE(call_sites_collect(&sites, profile, MEASURE_PEAK, top) == 0);
	return sites;
}

/* f calls g calls f calls g: what both hold counts once. */
static void recursion_counts_once(void)
{
	static const struct sample_frame f = { "/x.py", 1, "f", "g()" };
	static const struct sample_frame g = { "/x.py", 2, "g", "f()" };
	struct sample sample;
	sample_init(&sample, "x");
	uint32_t first = sample_node(&sample, sample_node(&sample, 0, &f), &g);
	uint32_t second = sample_node(&sample, sample_node(&sample, first, &f), &g);
	sample_entry(&sample, first, 1000, 10, 5000);
	sample_entry(&sample, second, 200, 3, 700);
	sample_entry(&sample, sample_node(&sample, 0, &g), 50, 0, 50);
	struct profile *profile = sample_finish(&sample);
	struct call_sites sites = sites_of(profile, 10);
	CHECK_INT(sites.count, 2);
	CHECK_INT(find_site(profile, &sites, "f")->all_bytes[MEASURE_PEAK], 1200);
	CHECK_INT(find_site(profile, &sites, "f")->self_bytes[MEASURE_PEAK], 0);
	CHECK_INT(find_site(profile, &sites, "g")->all_bytes[MEASURE_PEAK], 1250);
	CHECK_INT(find_site(profile, &sites, "g")->self_bytes[MEASURE_PEAK], 1250);
	CHECK_INT(find_site(profile, &sites, "g")->self_bytes[MEASURE_END], 13);
	CHECK_INT(find_site(profile, &sites, "g")->all_bytes[MEASURE_TOTAL], 5750);
	CHECK_INT(find_site(profile, &sites, "g")->self_blocks[MEASURE_PEAK], 3);
	call_sites_done(&sites);
	profile_free(profile);
}

static void sites_are_the_top_of_any_measure(void)
{
	static const struct sample_frame peak = { "/x.py", 1, "peak", NULL };
	static const struct sample_frame end = { "/x.py", 2, "end", NULL };
	static const struct sample_frame churn = { "/x.py", 3, "churn", NULL };
	static const struct sample_frame little = { "/x.py", 4, "little", NULL };
	struct sample sample;
	sample_init(&sample, "x");
	sample_entry(&sample, sample_node(&sample, 0, &little), 10, 10, 10);
	sample_entry(&sample, sample_node(&sample, 0, &churn), 20, 0, 90000);
	sample_entry(&sample, sample_node(&sample, 0, &end), 30, 500, 500);
	sample_entry(&sample, sample_node(&sample, 0, &peak), 700, 0, 700);
	struct profile *profile = sample_finish(&sample);
	struct call_sites sites = sites_of(profile, 1);
	CHECK_INT(sites.count, 3);
	CHECK_INT(sites.sites[0].frame, find_site(profile, &sites, "peak")->frame);
	find_site(profile, &sites, "end");
	find_site(profile, &sites, "churn");
	call_sites_done(&sites);
	profile_free(profile);
}

static struct profile *sample_named(const char *name)
{
	if (strcmp(name, "pandas") == 0) {
		return sample_pandas();
	}
	if (strcmp(name, "oom") == 0) {
		return sample_out_of_memory();
	}
	if (strcmp(name, "breach") == 0) {
		return sample_breach();
	}
	if (strcmp(name, "hostile") == 0) {
		return sample_hostile();
	}
	if (strcmp(name, "deep") == 0) {
		return sample_deep(10000);
	}
	return strcmp(name, "empty") == 0 ? sample_empty() : sample_many((unsigned)atoi(name));
}

static int write_sample(int argc, char **argv)
{
	const struct report_format *format = report_find_format(argv[2]);
	struct profile *profile = sample_named(argv[1]);
	if (strcmp(argv[2], "capture") == 0) {
		int failed = capture_write(STDOUT_FILENO, profile, CAPTURE_SMALL) != 0;
		profile_free(profile);
		return failed;
	}
	struct report_options options = { .of = report_default_measure(profile),
					  .reversed = argc > 3,
					  .with_source = true };
	int status = !format || format->write(stdout, profile, &options) != 0;
	profile_free(profile);
	return fflush(stdout) != 0 || status;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		return write_sample(argc, argv);
	}
	RUN(the_head_says_how_it_ended);
	RUN(a_breach_is_answered);
	RUN(a_budget_is_answered);
	RUN(a_sum_that_is_off_is_said);
	RUN(the_page_needs_nothing_else);
	RUN(names_stay_text);
	RUN(without_source_none_is_in_the_page);
	RUN(the_same_profile_makes_the_same_bytes);
	RUN(ten_thousand_stacks_are_below_two_megabytes);
	RUN(nothing_tracked_is_a_page_too);
	RUN(numbers_at_their_limits_are_harmless);
	RUN(recursion_counts_once);
	RUN(sites_are_the_top_of_any_measure);
	return test_done();
}
