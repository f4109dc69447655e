// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/words.h"
#include "tests/unit/test.h"

#include <errno.h>

/* The words of a text joined by "|", or why it has none. */
static const char *split(const char *text)
{
	static char joined[256];
	size_t count;
	char **words = words_split(text, &count);

	if (!words) {
		return strerror(errno);
	}
	joined[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(joined, words[i]);
		strcat(joined, "|");
	}
	CHECK(words[count] == NULL);
	free(words);
	return joined;
}

static void blanks_separate(void)
{
	CHECK_STR(split(""), "");
	CHECK_STR(split(" \t\n "), "");
	CHECK_STR(split("a"), "a|");
	CHECK_STR(split("  --quiet\t-o\ndir  "), "--quiet|-o|dir|");
	CHECK_STR(split("a b c d e f"), "a|b|c|d|e|f|");
}

static void quotes_keep(void)
{
	CHECK_STR(split("-o 'my dir'"), "-o|my dir|");
	CHECK_STR(split("--x=\"a  b\"c' d'"), "--x=a  bc d|");
	CHECK_STR(split("'' \"\" x"), "||x|");
	CHECK_STR(split("'a\"b' \"a'b\""), "a\"b|a'b|");
	CHECK_STR(split("'a\\b'"), "a\\b|");
}

static void backslashes_keep_one_character(void)
{
	CHECK_STR(split("a\\ b \\'c \\\\"), "a b|'c|\\|");
	CHECK_STR(split("\"a\\\"b\\\\c\\d\""), "a\"b\\c\\d|");
	CHECK_STR(split("a\\"), "a\\|");
}

static void open_quotes_are_errors(void)
{
	CHECK_STR(split("a 'b"), strerror(EINVAL));
	CHECK_STR(split("\"a\\\""), strerror(EINVAL));
	CHECK_STR(split("'"), strerror(EINVAL));
}

static const char *joined(char *const *argv)
{
	static char *text;

	free(text);
	text = words_join(argv);
	return text;
}

#define JOINED(...) joined((char *const[]){__VA_ARGS__, NULL})

static void joined_words_are_quoted_where_they_must(void)
{
	CHECK_STR(JOINED("python3", "job.py", "--n=3", "a/b:c,d@e%f^g+h_-"),
		  "python3 job.py --n=3 a/b:c,d@e%f^g+h_-");
	CHECK_STR(JOINED("a b", "", "it's", "$x", "*", "~"), "'a b' '' 'it'\\''s' '$x' '*' '~'");
	CHECK_STR(JOINED("print(1)\nprint(2)"), "'print(1)\nprint(2)'");
}

static void what_is_joined_splits_again(void)
{
	char *words[] = {"a b", "'", "\"", "\\", "", "\t", "a'b\"c\\d e", "\xff", NULL};
	char *text = words_join(words), **again;
	size_t count;

	REQUIRE(text);
	again = words_split(text, &count);
	REQUIRE(again);
	CHECK_INT(count, 8);
	for (size_t i = 0; i < 8; i++) {
		CHECK_STR(again[i], words[i]);
	}
	free(again);
	free(text);
}

int main(void)
{
	RUN(blanks_separate);
	RUN(quotes_keep);
	RUN(backslashes_keep_one_character);
	RUN(open_quotes_are_errors);
	RUN(joined_words_are_quoted_where_they_must);
	RUN(what_is_joined_splits_again);
	return test_done();
}
