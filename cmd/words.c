// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* One character of a word, quotes and backslashes resolved: moves *at on, appends to *to. */
static void take_char(const char **at, char **to, char *quote)
{
	char c = *(*at)++;

	if (*quote ? c == *quote : c == '\'' || c == '"') {
		*quote = *quote ? '\0' : c;
		return;
	}
	/* Between double quotes a backslash keeps only what would act; before others it stays. */
	if (c == '\\' && *quote != '\'' && **at &&
	    (*quote != '"' || strchr("\"\\$`\n", **at))) {
		c = *(*at)++;
	}
	*(*to)++ = c;
}

char **words_split(const char *text, size_t *ret_count)
{
	size_t len = strlen(text), count = 0;
	/* A word takes two characters at least, but for the last: pointers, NULL, then the text. */
	size_t slots = len / 2 + 2;
	char **words = malloc(slots * sizeof(*words) + len + 1);
	char *to, quote = '\0';

	if (!words) {
		return NULL;
	}
	to = (char *)(words + slots);
	for (;;) {
		while (is_blank(*text)) {
			text++;
		}
		if (!*text) {
			break;
		}
		words[count++] = to;
		while (*text && (quote || !is_blank(*text))) {
			take_char(&text, &to, &quote);
		}
		*to++ = '\0';
	}
	if (quote) {
		free(words);
		errno = EINVAL;
		return NULL;
	}
	words[count] = NULL;
	*ret_count = count;
	return words;
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=./:,@%^";

	return *word && word[strspn(word, plain)] == '\0';
}

void words_write_quoted(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'') {
			fputs("'\\''", out);
		} else {
			fputc(*word, out);
		}
	}
	fputc('\'', out);
}

char *words_join(char *const *argv)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		return NULL;
	}
	for (size_t i = 0; argv[i]; i++) {
		if (i) {
			fputc(' ', out);
		}
		words_write_quoted(out, argv[i]);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
