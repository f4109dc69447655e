// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/suggest.h"
#include "tests/unit/test.h"

static const char *const names[] = {"--output", "--no-browser", "--no-source", "--quiet",
				    "--oom-status", "--of", "run", "report", NULL};

static void finds_the_mistyped(void)
{
	CHECK_STR(suggest_nearest("--no-brower", names), "--no-browser");
	CHECK_STR(suggest_nearest("--quite", names), "--quiet");
	CHECK_STR(suggest_nearest("--ouptut", names), "--output");
	CHECK_STR(suggest_nearest("--nosource", names), "--no-source");
	CHECK_STR(suggest_nearest("rnu", names), "run");
	CHECK_STR(suggest_nearest("reprot", names), "report");
}

static void finds_the_abbreviated(void)
{
	CHECK_STR(suggest_nearest("--oom", names), "--oom-status");
	CHECK_STR(suggest_nearest("--no-b", names), "--no-browser");
	CHECK_STR(suggest_nearest("rep", names), "report");
}

static void is_silent_when_nothing_is_near(void)
{
	CHECK_STR(suggest_nearest("--verbose", names), NULL);
	CHECK_STR(suggest_nearest("job.py", names), NULL);
	CHECK_STR(suggest_nearest("x", names), NULL);
	CHECK_STR(suggest_nearest("", names), NULL);
	CHECK_STR(suggest_nearest("ls", names), NULL);
}

static void long_words_do_no_harm(void)
{
	char word[1000];

	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	CHECK_STR(suggest_nearest(word, (const char *const[]){"b", NULL}), NULL);
}

int main(void)
{
	RUN(finds_the_mistyped);
	RUN(finds_the_abbreviated);
	RUN(is_silent_when_nothing_is_near);
	RUN(long_words_do_no_harm);
	return test_done();
}
