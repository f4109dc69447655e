// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/escape.h"
#include "tests/unit/test.h"

/* What escape_bytes writes for len bytes; one result at a time. */
static const char *escaped(enum escape how, const char *bytes, size_t len)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	escape_bytes(out, how, bytes, len);
	REQUIRE(!ferror(out));
	fclose(out);
	return text;
}

#define ESCAPED(how, literal) escaped(how, literal, sizeof(literal) - 1)

static void writes_plain_text_as_it_is(void)
{
	static const char plain[] = "def f(x): return x * 2 ~`!@#$%^()[]{}|;,./? "
				    "\xc3\xa4 \xe4\xb8\xad \xf0\x9f\x90\x8d";
	CHECK_STR(ESCAPED(ESCAPE_TERMINAL, plain), plain);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, plain), plain);
	CHECK_STR(ESCAPED(ESCAPE_JSON, plain), plain);
	CHECK_STR(ESCAPED(ESCAPE_JSON_SHOWN, plain), plain);
}

static void markup_has_no_markup(void)
{
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "<a href=\"x\" b='y'>&lt;</a>]]>"),
		  "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;lt;&lt;/a&gt;]]&gt;");
}

static void json_cannot_end_its_string_or_its_script(void)
{
	CHECK_STR(ESCAPED(ESCAPE_JSON, "\"\\</script><!--&\xe2\x80\xa8\xe2\x80\xa9"),
		  "\\\"\\\\\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029");
	CHECK_STR(ESCAPED(ESCAPE_JSON_SHOWN, "</script>\xe2\x80\xa8"),
		  "\\u003c/script\\u003e\\\\u2028");
}

static void json_is_exact(void)
{
	CHECK_STR(ESCAPED(ESCAPE_JSON, "a\tb\nc\x1b[0m\x7f\0z"),
		  "a\\u0009b\\u000ac\\u001b[0m\\u007f\\u0000z");
	CHECK_STR(ESCAPED(ESCAPE_JSON, "\xf3\xa0\x80\x81"), "\\udb40\\udc01");
}

static void controls_are_visible(void)
{
	CHECK_STR(ESCAPED(ESCAPE_TERMINAL, "\x1b[2J\r\n\a\x7f\xc2\x9b"),
		  "\\x1b[2J\\r\\n\\x07\\x7f\\x9b");
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\x01\x0c"), "\\x01\\x0c");
	CHECK_STR(ESCAPED(ESCAPE_JSON_SHOWN, "\x1b\n"), "\\\\x1b\\\\n");
	CHECK_STR(ESCAPED(ESCAPE_TERMINAL, "a\tb"), "a    b");
}

static void text_cannot_be_reordered_or_hidden(void)
{
	CHECK_STR(ESCAPED(ESCAPE_TERMINAL, "x\xe2\x80\xae"
					   "cba\xe2\x81\xa6\xef\xbb\xbf\xe2\x80\x8b"),
		  "x\\u202ecba\\u2066\\ufeff\\u200b");
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xf3\xa0\x80\x81"), "\\U000e0001");
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xef\xbf\xbf\xf0\x9f\xbf\xbe"), "\\uffff\\U0001fffe");
}

/* The examples of the Unicode standard, table 3-8 and around it. */
static void invalid_bytes_become_replacement_characters(void)
{
#define FFFD "\xef\xbf\xbd"
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "a\xff\xfe"
					 "b\x80"),
		  "a" FFFD FFFD "b" FFFD);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xc0\xaf\xc1\x81"), FFFD FFFD FFFD FFFD);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xe0\x80\xaf"), FFFD FFFD FFFD);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xed\xa0\x80"), FFFD FFFD FFFD);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD);
	CHECK_STR(ESCAPED(ESCAPE_MARKUP, "\xf1\x80\x80"
					 "A\xe1\x80\xe2\xf0\x91\x92"
					 "B"),
		  FFFD "A" FFFD FFFD FFFD "B");
	CHECK_STR(ESCAPED(ESCAPE_JSON, "\xe4\xb8"), FFFD);
	CHECK_STR(ESCAPED(ESCAPE_TERMINAL, FFFD), FFFD);
#undef FFFD
}

/* Every output of every two bytes is valid and without a character that acts. */
static void any_two_bytes_are_harmless(void)
{
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		char bytes[2] = { (char)(pair >> 8), (char)pair };
		for (enum escape how = ESCAPE_TERMINAL; how <= ESCAPE_JSON_SHOWN; how++) {
			const char *text = escaped(how, bytes, 2);
			for (const char *at = text, *end = text + strlen(text); at < end;) {
				const char *start = at;
				uint32_t c = escape_next_char(&at, end);
				CHECK(c >= 0x20 && !(c >= 0x7f && c < 0xa0));
				CHECK(c != 0xfffd || at - start == 3);
				CHECK(how == ESCAPE_TERMINAL || (c != '<' && c != '>'));
			}
		}
	}
}

static void columns_are_of_what_is_shown(void)
{
	CHECK_INT(escape_columns("abc", 3), 3);
	CHECK_INT(escape_columns("\t\x1b\n", 3), 4 + 4 + 2);
	CHECK_INT(escape_columns("\xe4\xb8\xad\xc3\xa4", 5), 3);
	CHECK_INT(escape_columns("e\xcc\x81", 3), 1);
	CHECK_INT(escape_columns("\xff", 1), 1);
	CHECK_INT(escape_columns("", 0), 0);
}

static const char *cut(void (*write)(FILE *, enum escape, const char *, size_t), const char *text,
		       size_t columns)
{
	static char result[256];
	FILE *out = fmemopen(result, sizeof(result), "w");
	REQUIRE(out);
	result[0] = 0;
	write(out, ESCAPE_MARKUP, text, columns);
	fclose(out);
	return result;
}

static void long_texts_are_cut_at_either_end(void)
{
	CHECK_STR(cut(escape_start, "a<bcdef", 7), "a&lt;bcdef");
	CHECK_STR(cut(escape_start, "a<bcdef", 6), "a&lt;bcd\xe2\x80\xa6");
	CHECK_STR(cut(escape_start,
		      "a\x1b"
		      "bc",
		      5),
		  "a\xe2\x80\xa6");
	CHECK_STR(cut(escape_start, "abcdef", 3), "");
	CHECK_STR(cut(escape_end, "abcd<f", 6), "abcd&lt;f");
	CHECK_STR(cut(escape_end, "abcdef<h", 5), "\xe2\x80\xa6"
						  "ef&lt;h");
	CHECK_STR(cut(escape_end, "\xe4\xb8\xad\xe6\x96\x87xyz", 6), "\xe2\x80\xa6\xe6\x96\x87xyz");
	CHECK_STR(cut(escape_end, "\xe4\xb8\xad\xe6\x96\x87xyz", 5), "\xe2\x80\xa6xyz");
	CHECK_STR(cut(escape_end, "abcdef", 3), "");
	CHECK_STR(cut(escape_end, "", 0), "");
}

int main(void)
{
	RUN(writes_plain_text_as_it_is);
	RUN(markup_has_no_markup);
	RUN(json_cannot_end_its_string_or_its_script);
	RUN(json_is_exact);
	RUN(controls_are_visible);
	RUN(text_cannot_be_reordered_or_hidden);
	RUN(invalid_bytes_become_replacement_characters);
	RUN(any_two_bytes_are_harmless);
	RUN(columns_are_of_what_is_shown);
	RUN(long_texts_are_cut_at_either_end);
	return test_done();
}
