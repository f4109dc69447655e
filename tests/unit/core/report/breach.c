// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/breach.h"

#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)

/** What one of the writers says of a breach; one at a time. */
static const char *said(void (*write)(FILE *, const struct outcome *), struct breach breach)
{
	static char text[512];
	struct outcome outcome = { .breach = breach };
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	text[0] = '\0';
	write(out, &outcome);
	fclose(out);
	return text;
}

static struct breach breach_of(enum ceiling_metric metric, enum breach_trigger trigger)
{
	return (struct breach){
		.metric = metric,
		.trigger = trigger,
		.limit_bytes = 300 * MIB,
		.charge_bytes = 302 * MIB,
	};
}

static void the_limit_says_what_is_compared(void)
{
	CHECK_STR(said(breach_write_limit, (struct breach){ 0 }), "");
	CHECK_STR(said(breach_write_limit, breach_of(CEILING_RESIDENT, BREACH_NONE)),
		  "300.0 MiB of resident memory, as containers count it; it was not reached");
	CHECK_STR(said(breach_write_limit, breach_of(CEILING_ALLOCATED, BREACH_ALLOCATION)),
		  "300.0 MiB of memory that was asked for, used or not");
	CHECK_STR(said(breach_write_limit, breach_of(CEILING_ADDRESS_SPACE, BREACH_REFUSED)),
		  "300.0 MiB of address space");
}

static void the_trigger_is_told_in_words(void)
{
	static const char *const seen[] = {
		[BREACH_ALLOCATION] = "in the program, when it asked for memory",
		[BREACH_FREE] = "in the program, when it was about to give memory back",
		[BREACH_FAULT] = "by the counter of page faults, when memory was touched",
		[BREACH_POLL] = "from outside, by fil-profile, which looks now and then",
		[BREACH_REFUSED] = "by the kernel, which refused address space",
	};
	CHECK_STR(said(breach_write, breach_of(CEILING_RESIDENT, BREACH_NONE)), "");
	for (enum breach_trigger i = BREACH_ALLOCATION; i <= BREACH_REFUSED; i++) {
		char expected[200];
		snprintf(expected, sizeof(expected), "it had 302.0 MiB, 2.0 MiB too much; seen %s",
			 seen[i]);
		CHECK_STR(said(breach_write, breach_of(CEILING_RESIDENT, i)), expected);
	}
}

static void what_is_known_is_told(void)
{
	struct breach breach = breach_of(CEILING_RESIDENT, BREACH_POLL);
	breach.asked_bytes = UINT64_MAX;
	breach.tid = 7;
	breach.allocation = 2987586;
	breach.refusals = 1;
	CHECK_STR(said(breach_write, breach),
		  "it had 302.0 MiB and asked for 16,777,216.0 TiB more, 16,777,216.0 TiB too "
		  "much; "
		  "seen from outside, by fil-profile, which looks now and then, at allocation "
		  "number "
		  "2,987,586, in thread 7; 1 allocation was refused in all");
	CHECK_STR(said(breach_write_title, breach_of(CEILING_RESIDENT, BREACH_POLL)),
		  "Where it was when the limit was reached");
}

static void a_chosen_allocation_has_no_limit(void)
{
	struct breach breach = {
		.trigger = BREACH_NUMBER, .asked_bytes = 4096, .allocation = 1200, .tid = 7
	};
	CHECK_STR(said(breach_write_limit, breach), "");
	CHECK_STR(said(breach_write, breach),
		  "--fail-at let an allocation of 4.0 KiB fail, at allocation number 1,200, in "
		  "thread "
		  "7");
	CHECK_STR(said(breach_write_title, breach),
		  "Where the allocation number 1,200 was to fail");
}

int main(void)
{
	RUN(the_limit_says_what_is_compared);
	RUN(the_trigger_is_told_in_words);
	RUN(what_is_known_is_told);
	RUN(a_chosen_allocation_has_no_limit);
	return test_done();
}
