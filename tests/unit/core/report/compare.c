// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/compare.h"

#include "core/base/version.h"
#include "core/report/report.h"
#include "tests/unit/core/profile/sample.h"
#include "tests/unit/test.h"

static char lines[4096];

static void take_line(void *context, const char *text)
{
	(void)context;
	strcat(strcat(lines, text), "\n");
}

static const char *compared(const struct profile *one, const struct profile *other)
{
	lines[0] = '\0';
	report_compare(one, other, take_line, NULL);
	return lines;
}

static const char *briefly(const struct profile *one, const struct profile *other)
{
	FILE *out = fmemopen(lines, sizeof(lines), "w");
	REQUIRE(out);
	report_compare_briefly(out, one, other);
	fclose(out);
	return lines;
}

/** A run of one thread that reached its limit, with bytecode, addresses and seed as they should. */
static struct profile *run(void)
{
	struct profile *profile = sample_profile(VERDICT_CEILING);
	profile->thread_count = 1;
	profile->conditions = (struct conditions){
		.flags = CONDITIONS_KNOWN | CONDITIONS_FIXED_ADDRESSES | CONDITIONS_FIXED_SEED,
		.command_hash = 7,
		.seed_hash = 8,
		.variables = 20,
		.variables_bytes = 1234,
		.variables_hash = 0xabc,
		.sources = 57,
		.sources_compiled = 1,
		.interpreter = 99,
	};
	return profile;
}

static void nothing_that_is_known_differs(void)
{
	struct profile *one = run(), *other = run();
	CHECK_STR(compared(one, other),
		  "this run:  the limit was reached at allocation 123,456\n"
		  "the other: the limit was reached at allocation 123,456\n"
		  "nothing differed of what is known to move that number\n");
	other->outcome.breach.allocation = 123450;
	CHECK_STR(briefly(one, other), "allocation 123,456, not 123,450; nothing differed of what "
				       "is known to move it");
	profile_free(one);
	profile_free(other);
}

static void each_thing_that_differs_is_named(void)
{
	struct profile *one = run(), *other = run();
	other->outcome.breach.limit_bytes = 300 << 20;
	other->conditions.interpreter = 98;
	other->conditions.sources_compiled = 24;
	other->conditions.variables_hash = 0x1abc;
	other->conditions.seed_hash = 0xbeef;
	other->conditions.flags &= ~CONDITIONS_FIXED_ADDRESSES;
	other->conditions.command_hash++;
	other->outcome.breach.trigger = BREACH_NONE;
	one->thread_count = 2;
	other->tool_version = other->command;
	CHECK_STR(compared(one, other),
		  "this run:  the limit was reached at allocation 123,456\n"
		  "the other: the limit was not reached, in 14 allocations\n"
		  "what differed, or was left to chance:\n"
		  "  the command line\n"
		  "  the limit: 400.0 MiB; in the other 300.0 MiB\n"
		  "  the build of the interpreter\n"
		  "  the bytecode cache: 1 of 57 source files had to be compiled; in the other "
		  "24 of 57 source files had to be compiled\n"
		  "  the environment: 20 variables of 1,234 bytes (hash 0abc); in the other 20 "
		  "variables of 1,234 bytes (hash 1abc)\n"
		  "  the hash seed: fixed (hash 0008); in the other fixed (hash beef)\n"
		  "  addresses: fixed; in the other random\n"
		  "  threads, whose order is left to chance: 2; in the other 1\n"
		  "  the version of fil-profile: " FIL_VERSION
		  "; in the other python3 job.py 'a b'\n");
	profile_free(one);
	profile_free(other);
}

static void another_python_is_no_other_build_besides(void)
{
	struct profile *one = run(), *other = run();
	other->conditions.interpreter = 98;
	other->processes[0].python_version = 0x030c01f0;
	CHECK(compare_differs(one, other, DIFFERENCE_VERSION));
	CHECK(!compare_differs(one, other, DIFFERENCE_INTERPRETER));
	CHECK_STR(briefly(one, other),
		  "allocation 123,456, not 123,456; what differed: the version of Python");
	profile_free(one);
	profile_free(other);
}

static void what_is_random_in_both_is_left_to_chance(void)
{
	struct profile *one = run(), *other = run();
	one->conditions.flags = other->conditions.flags = CONDITIONS_KNOWN;
	CHECK(strstr(compared(one, other), "  the hash seed: random in both\n"
					   "  addresses: random in both\n"));
	/* Without a Python nobody hashes by it. */
	one->processes[0].python_version = other->processes[0].python_version = 0;
	CHECK(!strstr(compared(one, other), "seed"));
	profile_free(one);
	profile_free(other);
}

static void an_older_capture_tells_nothing(void)
{
	struct profile *one = run(), *other = run();
	other->conditions = (struct conditions){ 0 };
	CHECK_STR(compared(one, other),
		  "this run:  the limit was reached at allocation 123,456\n"
		  "the other: the limit was reached at allocation 123,456\n"
		  "one of them does not tell its conditions: an older fil-profile made it\n");
	profile_free(one);
	profile_free(other);
}

int main(void)
{
	RUN(nothing_that_is_known_differs);
	RUN(each_thing_that_differs_is_named);
	RUN(another_python_is_no_other_build_besides);
	RUN(what_is_random_in_both_is_left_to_chance);
	RUN(an_older_capture_tells_nothing);
	return test_done();
}
