// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/escape.h"

#include "core/base/attributes.h"

#include <stdbool.h>
#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

/* Not a character to look at: controls, what reorders or hides other text, noncharacters. */
static bool is_unseen(uint32_t c)
{
	static const struct range unseen[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfdd0, 0xfdef }, { 0xe0000, 0xe007f },
	};
	if (c >= 0x20 && c < 0x7f) {
		return false;
	}
	return (c & 0xfffe) == 0xfffe || in_ranges(c, unseen, countof(unseen));
}

/* Wide and zero-width blocks, coarsely, after Unicode's EastAsianWidth.txt. */
unsigned escape_char_columns(uint32_t c)
{
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
		{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};
	static const struct range zero[] = {
		{ 0x300, 0x36f },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
		{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	};
	if (c < 0x300) {
		return 1;
	}
	if (in_ranges(c, zero, countof(zero))) {
		return 0;
	}
	return in_ranges(c, wide, countof(wide)) ? 2 : 1;
}

/* Bytes of the sequence that lead begins, and the range of its second; 0: it begins none. */
static unsigned sequence_length(unsigned char lead, unsigned char *ret_low, unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (lead < 0xc2 || lead > 0xf4) {
		return lead < 0x80;
	}
	if (lead == 0xe0) {
		*ret_low = 0xa0; /* overlong */
	} else if (lead == 0xed) {
		*ret_high = 0x9f; /* surrogates */
	} else if (lead == 0xf0) {
		*ret_low = 0x90; /* overlong */
	} else if (lead == 0xf4) {
		*ret_high = 0x8f; /* beyond U+10FFFF */
	}
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

uint32_t escape_next_char(const char **at, const char *end)
{
	const unsigned char *bytes = (const unsigned char *)*at;
	size_t left = (size_t)(end - *at);
	unsigned char low, high;
	unsigned length = sequence_length(bytes[0], &low, &high);
	if (length <= 1) {
		*at += 1;
		return length ? bytes[0] : 0xfffd;
	}
	uint32_t c = bytes[0] & (0x7fu >> length);
	for (unsigned i = 1; i < length; i++) {
		if (i >= left || bytes[i] < low || bytes[i] > high) {
			*at += i;
			return 0xfffd;
		}
		c = c << 6 | (bytes[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*at += length;
	return c;
}

/* As Python's repr: \n, \x1b, \u202e, \U000e0001. Into text, which holds 11 bytes. */
static void show_unseen(char *text, uint32_t c)
{
	if (c == '\n' || c == '\r') {
		sprintf(text, "\\%c", c == '\n' ? 'n' : 'r');
	} else if (c < 0x100) {
		sprintf(text, "\\x%02x", c);
	} else {
		sprintf(text, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	}
}

size_t escape_columns(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	size_t columns = 0;
	while (at < end) {
		uint32_t c = escape_next_char(&at, end);
		if (c == '\t') {
			columns += 4;
		} else if (is_unseen(c)) {
			char shown[11];
			show_unseen(shown, c);
			columns += strlen(shown);
		} else {
			columns += escape_char_columns(c);
		}
	}
	return columns;
}

/* What an ASCII character is replaced by in markup, NULL for itself. */
static const char *markup_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void write_ascii(FILE *out, enum escape how, char c)
{
	bool json = how == ESCAPE_JSON || how == ESCAPE_JSON_SHOWN;
	const char *entity = how == ESCAPE_MARKUP ? markup_entity(c) : NULL;
	if (entity) {
		fputs(entity, out);
	} else if (json && (c == '"' || c == '\\')) {
		fprintf(out, "\\%c", c);
	} else if (json && (c == '<' || c == '>' || c == '&')) {
		fprintf(out, "\\u%04x", (unsigned)c);
	} else {
		putc(c, out);
	}
}

/* A character that is not to be seen as itself. */
static void write_unseen(FILE *out, enum escape how, uint32_t c)
{
	char shown[11];
	if (c == '\t' && how != ESCAPE_JSON) {
		fputs("    ", out);
		return;
	}
	if (how == ESCAPE_JSON && c >= 0x10000) {
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
		return;
	}
	if (how == ESCAPE_JSON) {
		fprintf(out, "\\u%04x", c);
		return;
	}
	show_unseen(shown, c);
	for (const char *at = shown; *at; at++) {
		write_ascii(out, how, *at);
	}
}

/* A character that is written as itself in every form. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '?' && c <= '[') || (c >= '(' && c <= ';')
	       || c == ' ' || c == '_' || c == '=';
}

void escape_bytes(FILE *out, enum escape how, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	while (at < end) {
		const char *start = at;
		while (at < end && is_plain(*at)) {
			at++;
		}
		if (at > start) {
			fwrite(start, 1, (size_t)(at - start), out);
			continue;
		}
		uint32_t c = escape_next_char(&at, end);
		if (is_unseen(c)) {
			write_unseen(out, how, c);
		} else if (c < 0x80) {
			write_ascii(out, how, (char)c);
		} else if (c == 0xfffd) {
			fputs("\xef\xbf\xbd", out);
		} else {
			fwrite(start, 1, (size_t)(at - start), out);
		}
	}
}

void escape_text(FILE *out, enum escape how, const char *text)
{
	escape_bytes(out, how, text, strlen(text));
}

#define ELLIPSIS "\xe2\x80\xa6"
/** With fewer columns a text that is cut says nothing. */
#define COLUMNS_MIN 4u

void escape_start(FILE *out, enum escape how, const char *text, size_t columns)
{
	size_t len = strlen(text), used = 0;
	if (escape_columns(text, len) <= columns) {
		escape_bytes(out, how, text, len);
		return;
	}
	if (columns < COLUMNS_MIN) {
		return;
	}
	for (const char *at = text, *end = text + len; at < end;) {
		const char *start = at;
		escape_next_char(&at, end);
		used += escape_columns(start, (size_t)(at - start));
		if (used > columns - 1) {
			escape_bytes(out, how, text, (size_t)(start - text));
			break;
		}
	}
	fputs(ELLIPSIS, out);
}

void escape_end(FILE *out, enum escape how, const char *text, size_t columns)
{
	const char *at = text, *end = text + strlen(text);
	size_t left = escape_columns(text, (size_t)(end - text));
	if (left <= columns) {
		escape_text(out, how, text);
		return;
	}
	if (columns < COLUMNS_MIN) {
		return;
	}
	while (left > columns - 1) {
		const char *start = at;
		escape_next_char(&at, end);
		left -= escape_columns(start, (size_t)(at - start));
	}
	fputs(ELLIPSIS, out);
	escape_text(out, how, at);
}
