// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/fit.h"

#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)

static struct outcome outcome_of(uint64_t anonymous_bytes)
{
	return (struct outcome){
		.verdict = VERDICT_EXITED,
		.charge = { .anonymous_bytes = anonymous_bytes },
	};
}

static struct fit fit_for(struct outcome outcome)
{
	struct profile profile = { .outcome = outcome };
	return fit_of(&profile);
}

static void the_need_is_the_sum_of_its_terms(void)
{
	struct outcome outcome = outcome_of(396 * MIB);
	outcome.charge.shared_bytes = 2 * MIB;
	outcome.charge.page_table_bytes = MIB;
	outcome.charge.kernel_bytes = 61440;
	outcome.charge_file_bytes = 900 * MIB; /* given up when memory is short */
	struct fit fit = fit_for(outcome);
	CHECK_INT(fit.need, 399 * MIB + 61440);
	CHECK_INT(fit.charge.shared_bytes, 2 * MIB);
	CHECK_INT(fit.pending, 0);
	CHECK(!fit.at_least);
	CHECK_INT(fit.margin, (399 * MIB + 61440) / 100 * 2);
	/* 407.04 MiB in steps of 16 MiB; an eighth more is 468 MiB. */
	CHECK_INT(fit.request, 416 * MIB);
	CHECK_INT(fit.limit, 480 * MIB);
}

/* The kernel's mark of the highest resident set knows of peaks between two looks. */
static void a_peak_that_nobody_saw_is_needed_too(void)
{
	struct usage_sample samples[] = { { .file_bytes = 5 * MIB }, { .file_bytes = 9 * MIB } };
	struct profile profile = {
		.outcome = outcome_of(60 * MIB),
		.segment_bytes = MIB,
		.samples = samples,
		.sample_count = 2,
	};
	profile.outcome.charge.shared_bytes = 4 * MIB;
	profile.outcome.charge_file_bytes = 6 * MIB;
	profile.outcome.max_rss_bytes = 110 * MIB;
	struct fit fit = fit_of(&profile);
	CHECK_INT(fit.unseen, 36 * MIB); /* 110 without 9 of files, 1 of ours, 64 that were seen */
	CHECK_INT(fit.need, 100 * MIB);
	/* A file that was mapped at another time is no reason to need more. */
	samples[0].file_bytes = 50 * MIB;
	CHECK_INT(fit_of(&profile).unseen, 0);
	CHECK_INT(fit_of(&profile).need, 64 * MIB);
	/* The charge of a breach is of the breach. */
	samples[0].file_bytes = 0;
	profile.outcome.breach = (struct breach){ .metric = CEILING_RESIDENT,
						  .trigger = BREACH_POLL,
						  .limit_bytes = 63 * MIB,
						  .charge_bytes = 64 * MIB };
	CHECK_INT(fit_of(&profile).unseen, 0);
}

static void it_is_rounded_in_steps_of_its_size(void)
{
	struct fit fit = fit_for(outcome_of(500 * MIB));
	CHECK_INT(fit.margin, 500 * MIB / 100 * 2);
	CHECK_INT(fit.request, 512 * MIB);
	CHECK_INT(fit.limit, 576 * MIB);
	fit = fit_for(outcome_of(1));
	CHECK_INT(fit.need, 1);
	CHECK_INT(fit.margin, 2 * MIB);
	CHECK_INT(fit.request, 3 * MIB);
	CHECK_INT(fit.limit, 4 * MIB);
	fit = fit_for(outcome_of(30 * MIB)); /* exactly at a step's end: 32 MiB with the margin */
	CHECK_INT(fit.request, 32 * MIB);
	CHECK_INT(fit.limit, 36 * MIB);
	fit = fit_for(outcome_of(10240 * MIB));
	CHECK_INT(fit.request, 10752 * MIB);
	CHECK_INT(fit.limit, 12288 * MIB);
}

static void nothing_is_known_without_a_charge(void)
{
	struct fit fit = fit_for(outcome_of(0));
	CHECK_INT(fit.need, 0);
	CHECK_INT(fit.request, 0);
	CHECK_INT(fit.limit, 0);
}

static void what_did_not_finish_needs_at_least_that(void)
{
	static const enum verdict unfinished[] = {
		VERDICT_RUNNING,    VERDICT_SIGNALED,	      VERDICT_OOM_CONFIRMED,
		VERDICT_OOM_LIKELY, VERDICT_KILLED_BY_OTHER,  VERDICT_ALLOCATION_FAILED,
		VERDICT_UNKNOWN,    VERDICT_CEILING,
	};
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++) {
		struct outcome outcome = outcome_of(100 * MIB);
		outcome.verdict = unfinished[i];
		CHECK(fit_for(outcome).at_least);
		CHECK_INT(fit_for(outcome).need, 100 * MIB);
	}
	struct outcome failed = outcome_of(100 * MIB);
	failed.exit_status = 1;
	CHECK(!fit_for(failed).at_least);
}

static struct outcome breached(enum ceiling_metric metric, enum ceiling_action action,
			       enum verdict verdict)
{
	struct outcome outcome = outcome_of(99 * MIB);
	outcome.verdict = verdict;
	outcome.breach = (struct breach){
		.metric = metric,
		.action = action,
		.trigger = BREACH_ALLOCATION,
		.limit_bytes = 100 * MIB,
		.charge_bytes = 98 * MIB,
		.asked_bytes = 7 * MIB,
	};
	return outcome;
}

static void what_a_ceiling_stopped_is_needed_too(void)
{
	struct fit fit = fit_for(breached(CEILING_RESIDENT, CEILING_KILL, VERDICT_CEILING));
	CHECK(fit.at_least);
	CHECK_INT(fit.pending, 6 * MIB);
	CHECK_INT(fit.need, 105 * MIB);
	fit = fit_for(breached(CEILING_RESIDENT, CEILING_ENOMEM, VERDICT_EXITED));
	CHECK(fit.at_least);
	CHECK_INT(fit.need, 105 * MIB);
	/* Address space is not RAM; and a job that was stopped and continued has finished. */
	fit = fit_for(breached(CEILING_ADDRESS_SPACE, CEILING_KILL, VERDICT_CEILING));
	CHECK_INT(fit.need, 99 * MIB);
	fit = fit_for(breached(CEILING_RESIDENT, CEILING_STOP, VERDICT_EXITED));
	CHECK(!fit.at_least);
	CHECK_INT(fit.need, 99 * MIB);
}

static void numbers_at_their_limits_stay_in_range(void)
{
	struct outcome outcome = breached(CEILING_RESIDENT, CEILING_KILL, VERDICT_CEILING);
	outcome.breach.asked_bytes = UINT64_MAX;
	memset(&outcome.charge, 0xff, sizeof(outcome.charge));
	struct fit fit = fit_for(outcome);
	CHECK(fit.need == (uint64_t)1 << 62);
	CHECK(fit.request > fit.need && fit.limit > fit.request);
	CHECK_INT(fit.request % MIB, 0);
}

int main(void)
{
	RUN(the_need_is_the_sum_of_its_terms);
	RUN(a_peak_that_nobody_saw_is_needed_too);
	RUN(it_is_rounded_in_steps_of_its_size);
	RUN(nothing_is_known_without_a_charge);
	RUN(what_did_not_finish_needs_at_least_that);
	RUN(what_a_ceiling_stopped_is_needed_too);
	RUN(numbers_at_their_limits_stay_in_range);
	return test_done();
}
