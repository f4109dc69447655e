// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Unit tests: one program per file, linked with the real objects, run in its own process.
 *
 *	static void counts_bytes(void)
 *	{
 *		CHECK_INT(buffer_len(&buffer), 3);
 *	}
 *
 *	int main(void)
 *	{
 *		RUN(counts_bytes);
 *		return test_done();
 *	}
 *
 * A failed CHECK prints both values and the test goes on; a failed REQUIRE ends the program.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_state {
	const char *name;
	unsigned checks;
	unsigned failures;
};

static struct test_state test_state = {"main", 0, 0};

__attribute__((format(printf, 3, 4), unused)) static void test_fail(const char *file, int line,
								    const char *format, ...)
{
	va_list args;
	test_state.failures++;
	printf("%s:%d: %s: ", file, line, test_state.name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

__attribute__((unused)) static int test_check_str(const char *got, const char *want)
{
	return got && want ? strcmp(got, want) == 0 : got == want;
}

/** The condition holds. */
#define CHECK(condition)                                                                    \
	do {                                                                                \
		test_state.checks++;                                                        \
		if (!(condition)) {                                                         \
			test_fail(__FILE__, __LINE__, "does not hold: %s", #condition);     \
		}                                                                           \
	} while (0)

/** Two integers, or pointers cast to one, are the same. */
#define CHECK_INT(got, want)                                                                \
	do {                                                                                \
		long long test_got = (long long)(got), test_want = (long long)(want);       \
		test_state.checks++;                                                        \
		if (test_got != test_want) {                                                \
			test_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", \
				  #got, test_got, test_got, test_want, test_want);          \
		}                                                                           \
	} while (0)

/** Two strings are the same, or both NULL. */
#define CHECK_STR(got, want)                                                                \
	do {                                                                                \
		const char *test_got = (got), *test_want = (want);                          \
		test_state.checks++;                                                        \
		if (!test_check_str(test_got, test_want)) {                                 \
			test_fail(__FILE__, __LINE__, "%s is\n  \"%s\", not\n  \"%s\"",     \
				  #got, test_got ? test_got : "(null)",                     \
				  test_want ? test_want : "(null)");                        \
		}                                                                           \
	} while (0)

/** Two areas of len bytes are the same. */
#define CHECK_BYTES(got, want, len)                                                         \
	do {                                                                                \
		test_state.checks++;                                                        \
		if (memcmp((got), (want), (len)) != 0) {                                    \
			test_fail(__FILE__, __LINE__, "%s differs from %s", #got, #want);   \
		}                                                                           \
	} while (0)

/** The condition holds, or nothing that follows means anything. */
#define REQUIRE(condition)                                                                  \
	do {                                                                                \
		test_state.checks++;                                                        \
		if (!(condition)) {                                                         \
			test_fail(__FILE__, __LINE__, "does not hold: %s", #condition);     \
			exit(1);                                                            \
		}                                                                           \
	} while (0)

/** End the program as skipped, with the reason in words. */
#define SKIP(reason)                                                                        \
	do {                                                                                \
		puts(reason);                                                               \
		exit(test_state.failures ? 1 : 77);                                         \
	} while (0)

/** Run one test; its name appears in the messages of its checks. */
#define RUN(test)                                                                           \
	do {                                                                                \
		test_state.name = #test;                                                    \
		test();                                                                     \
	} while (0)

/** The program's status. A program that checked nothing has failed. */
__attribute__((unused)) static int test_done(void)
{
	printf("%u checks, %u failed\n", test_state.checks, test_state.failures);
	return test_state.failures || !test_state.checks;
}

#endif
