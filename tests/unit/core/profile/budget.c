// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/budget.h"

#include "core/profile/builder.h"
#include "tests/unit/core/report/sample_profile.h"
#include "tests/unit/test.h"

#define MIB SAMPLE_MIB

/* A profile with a site /job.py:N of sizes[N - 1] bytes at the peak for each N. */
static struct profile *profile_of(const uint64_t *sizes, uint32_t count)
{
	struct sample sample;
	sample_init(&sample, "job");
	for (uint32_t i = 0; i < count; i++) {
		struct sample_frame at = { "/job.py", i + 1, "f", NULL };
		sample_entry(&sample, sample_node(&sample, 0, &at), sizes[i], sizes[i] / 2,
			     sizes[i]);
	}
	return sample_finish(&sample);
}

#define PROFILE_OF(...) \
	profile_of((const uint64_t[]){ __VA_ARGS__ }, \
		   sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* Cut excess bytes of a job that has touched at most so much of what it asked for. */
static struct budget_cut cut_of(const struct profile *profile, uint64_t excess, uint64_t touched)
{
	struct budget budget = { .excess_bytes = excess, .touched_bytes = touched };
	struct budget_cut cut;
	REQUIRE(budget_find_cut(profile, MEASURE_PEAK, &budget, &cut) == 0);
	return cut;
}

static uint32_t line_of(const struct profile *profile, const struct budget_cut *cut, uint32_t i)
{
	REQUIRE(i < cut->count);
	return profile->frames[cut->sites[i].frame].line;
}

static void the_fewest_sites_are_taken_largest_first(void)
{
	struct profile *profile = PROFILE_OF(10, 400, 30, 200, 5);
	struct budget_cut cut = cut_of(profile, 401, UINT64_MAX);
	CHECK_INT(cut.count, 2);
	CHECK_INT(line_of(profile, &cut, 0), 2);
	CHECK_INT(line_of(profile, &cut, 1), 4);
	CHECK_INT(cut.sites[0].bytes, 400);
	CHECK_INT(cut.sites[0].blocks, 1);
	CHECK_INT(cut.bytes, 600);
	CHECK_INT(cut.last_bytes, 1);
	CHECK_INT(cut.tracked_bytes, 645);
	CHECK_INT(cut.missing_bytes, 0);
	budget_cut_done(&cut);
	cut = cut_of(profile, 400, UINT64_MAX);
	CHECK_INT(cut.count, 1);
	CHECK_INT(cut.last_bytes, 400);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void one_giant_site_is_enough(void)
{
	struct profile *profile = PROFILE_OF(1, 900 * MIB, 2);
	struct budget_cut cut = cut_of(profile, 3 * MIB, UINT64_MAX);
	CHECK_INT(cut.count, 1);
	CHECK_INT(line_of(profile, &cut, 0), 2);
	CHECK_INT(cut.bytes, 900 * MIB);
	CHECK_INT(cut.last_bytes, 3 * MIB);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void all_are_taken_if_all_are_too_small(void)
{
	struct profile *profile = PROFILE_OF(10, 20, 30);
	struct budget_cut cut = cut_of(profile, 61, UINT64_MAX);
	CHECK_INT(cut.count, 3);
	CHECK_INT(cut.bytes, 60);
	CHECK_INT(cut.last_bytes, 10);
	CHECK_INT(cut.missing_bytes, 1);
	budget_cut_done(&cut);
	cut = cut_of(profile, 60, UINT64_MAX);
	CHECK_INT(cut.count, 3);
	CHECK_INT(cut.missing_bytes, 0);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void nothing_goes_from_what_fits(void)
{
	struct profile *profile = PROFILE_OF(10, 20);
	struct budget_cut cut = cut_of(profile, 0, 10);
	CHECK_INT(cut.count, 0);
	CHECK_INT(cut.bytes, 0);
	CHECK_INT(cut.missing_bytes, 0);
	CHECK_INT(cut.tracked_bytes, 30);
	budget_cut_done(&cut);
	profile_free(profile);
	profile = sample_empty();
	cut = cut_of(profile, 100, UINT64_MAX);
	CHECK_INT(cut.count, 0);
	CHECK_INT(cut.missing_bytes, 100);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void ties_are_in_the_order_of_frames(void)
{
	struct profile *profile = PROFILE_OF(7, 50, 50, 50, 50);
	for (int again = 0; again < 3; again++) {
		struct budget_cut cut = cut_of(profile, 120, UINT64_MAX);
		CHECK_INT(cut.count, 3);
		CHECK_INT(line_of(profile, &cut, 0), 2);
		CHECK_INT(line_of(profile, &cut, 1), 3);
		CHECK_INT(line_of(profile, &cut, 2), 4);
		CHECK_INT(cut.last_bytes, 20);
		budget_cut_done(&cut);
	}
	profile_free(profile);
}

/* What was never touched may be in the sites that go: as much more has to. */
static void untouched_memory_gives_nothing_back(void)
{
	struct profile *profile = PROFILE_OF(1000, 300, 20);
	struct budget_cut cut = cut_of(profile, 100, 370);
	CHECK_INT(cut.untouched_bytes, 950);
	CHECK_INT(cut.count, 2);
	CHECK_INT(cut.last_bytes, 50);
	CHECK_INT(cut.missing_bytes, 0);
	budget_cut_done(&cut);
	cut = cut_of(profile, 370, 370); /* all of it that is there */
	CHECK_INT(cut.count, 3);
	CHECK_INT(cut.missing_bytes, 0);
	budget_cut_done(&cut);
	cut = cut_of(profile, 371, 370);
	CHECK_INT(cut.missing_bytes, 1);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void sums_do_not_overflow(void)
{
	struct profile *profile = PROFILE_OF(10, 20);
	profile->entries[0].peak_bytes = UINT64_MAX;
	struct budget_cut cut = cut_of(profile, UINT64_MAX, 0);
	CHECK(cut.bytes == UINT64_MAX && cut.tracked_bytes == UINT64_MAX);
	CHECK_INT(cut.missing_bytes, 0);
	budget_cut_done(&cut);
	profile_free(profile);
}

static void sites_are_of_the_users_code(void)
{
	static const struct sample_frame load = { "/srv/job.py", 7, "load", NULL };
	static const struct sample_frame read = { SAMPLE_SITE "pandas/io.py", 3, "read", NULL };
	static const struct sample_frame parse = { SAMPLE_LIB "json/decoder.py", 9, "parse", NULL };
	struct sample sample;
	sample_init(&sample, "job");
	uint32_t at_load = sample_node(&sample, 0, &load);
	sample_entry(&sample, at_load, 1, 0, 0);
	sample_entry(&sample, sample_node(&sample, at_load, &read), 40, 0, 0);
	sample_entry(&sample, sample_node(&sample, at_load, &parse), 500, 0, 0);
	sample_entry(&sample, sample_node(&sample, 0, &parse), 30, 0, 0);
	struct profile *profile = sample_finish(&sample);
	uint32_t count;
	struct site *sites = sites_collect(profile, MEASURE_PEAK, &count);
	REQUIRE(sites && count == 2);
	CHECK_INT(profile->frames[sites[0].frame].line, 7);
	CHECK_INT(sites[0].bytes, 541);
	CHECK_INT(sites[0].blocks, 3);
	CHECK_INT(profile->frames[sites[1].frame].line, 9);
	CHECK_INT(sites[1].bytes, 30);
	free(sites);
	profile_free(profile);
}

static void a_breach_says_what_has_to_go(void)
{
	struct outcome outcome = {
		.breach = { .metric = CEILING_RESIDENT, .trigger = BREACH_ALLOCATION,
			    .limit_bytes = 400 * MIB, .charge_bytes = 399 * MIB,
			    .asked_bytes = 3 * MIB },
		.charge = { .anonymous_bytes = 390 * MIB, .shared_bytes = 9 * MIB },
		.charge_tracked_bytes = 1390 * MIB,
	};
	struct budget budget;
	REQUIRE(budget_of_breach(&outcome, &budget));
	CHECK_INT(budget.limit_bytes, 400 * MIB);
	CHECK_INT(budget.taken_bytes, 402 * MIB);
	CHECK_INT(budget.excess_bytes, 2 * MIB);
	CHECK_INT(budget.touched_bytes, 390 * MIB);
	outcome.breach.metric = CEILING_ALLOCATED;
	REQUIRE(budget_of_breach(&outcome, &budget));
	CHECK(budget.touched_bytes == UINT64_MAX);
	outcome.breach.asked_bytes = UINT64_MAX;
	REQUIRE(budget_of_breach(&outcome, &budget));
	CHECK(budget.taken_bytes == UINT64_MAX);
	CHECK(budget.excess_bytes == UINT64_MAX - 400 * MIB);
	outcome.breach.asked_bytes = 0;
	REQUIRE(budget_of_breach(&outcome, &budget));
	CHECK_INT(budget.excess_bytes, 0);
	outcome.breach.limit_bytes = 0; /* --fail-at */
	CHECK(!budget_of_breach(&outcome, &budget));
	outcome.breach.limit_bytes = 400 * MIB;
	outcome.breach.trigger = BREACH_NONE;
	CHECK(!budget_of_breach(&outcome, &budget));
}

static void a_size_is_compared_with_the_highest_charge(void)
{
	struct profile profile = {
		.outcome = {
			.verdict = VERDICT_EXITED,
			.charge = { .anonymous_bytes = 300 * MIB, .shared_bytes = 40 * MIB,
				    .page_table_bytes = 5 * MIB, .kernel_bytes = MIB },
			.charge_tracked_bytes = 310 * MIB,
		},
	};
	struct budget budget;
	REQUIRE(budget_of_size(&profile, 256 * MIB, &budget));
	CHECK_INT(budget.taken_bytes, 346 * MIB);
	CHECK_INT(budget.excess_bytes, 90 * MIB);
	CHECK_INT(budget.touched_bytes, 300 * MIB);
	CHECK(!budget.at_least);
	REQUIRE(budget_of_size(&profile, 346 * MIB, &budget));
	CHECK_INT(budget.excess_bytes, 0);
	/* What a ceiling did not let it have is wanted, too. */
	profile.outcome.verdict = VERDICT_CEILING;
	profile.outcome.breach = (struct breach){ .metric = CEILING_RESIDENT,
						  .trigger = BREACH_ALLOCATION,
						  .limit_bytes = 350 * MIB,
						  .charge_bytes = 346 * MIB,
						  .asked_bytes = 30 * MIB };
	REQUIRE(budget_of_size(&profile, 360 * MIB, &budget));
	CHECK_INT(budget.excess_bytes, 16 * MIB);
	CHECK(budget.at_least);
	profile.outcome.charge = (struct charge){ 0 };
	CHECK(!budget_of_size(&profile, 256 * MIB, &budget));
}

int main(void)
{
	RUN(the_fewest_sites_are_taken_largest_first);
	RUN(one_giant_site_is_enough);
	RUN(all_are_taken_if_all_are_too_small);
	RUN(nothing_goes_from_what_fits);
	RUN(ties_are_in_the_order_of_frames);
	RUN(untouched_memory_gives_nothing_back);
	RUN(sums_do_not_overflow);
	RUN(sites_are_of_the_users_code);
	RUN(a_breach_says_what_has_to_go);
	RUN(a_size_is_compared_with_the_highest_charge);
	return test_done();
}
