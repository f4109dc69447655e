// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Writing text that came from the workload into a report, so that it stays text there.
 *
 * Names and source lines are bytes as the workload had them. Every writer here validates UTF-8
 * and writes U+FFFD for each maximal part of an invalid sequence (as the Unicode standard, §3.9,
 * and browsers do); overlong forms and surrogates are invalid.
 *
 * All but ESCAPE_JSON also make visible what would act instead of being seen, as Python's repr
 * writes it: controls (\x1b, \n), bidirectional controls and other invisible format characters
 * (\u202e). A tab becomes four spaces. Errors are the stream's: ask ferror.
 */
#ifndef CORE_REPORT_ESCAPE_H
#define CORE_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum escape {
	/** Text for a terminal or a log: no character has an effect other than being shown. */
	ESCAPE_TERMINAL,
	/** Content or a quoted attribute value of XML 1.0, SVG or HTML. */
	ESCAPE_MARKUP,
	/**
	 * Inside a JSON string, exactly (controls as \u001b): for other tools. The same bytes are
	 * safe inside a script element: no "<", ">", "&", U+2028 or U+2029 is written as itself.
	 */
	ESCAPE_JSON,
	/** As ESCAPE_JSON, but made visible first: for a page that shows it. */
	ESCAPE_JSON_SHOWN,
};

/** Write a string, or len bytes, in that form. No quotation marks are added. */
void escape_text(FILE *out, enum escape how, const char *text);
void escape_bytes(FILE *out, enum escape how, const char *bytes, size_t len);

/**
 * The code point at *at, which is moved past it; 0xfffd for an invalid sequence. *at must be before
 * end. Never reads at or past end.
 */
uint32_t escape_next_char(const char **at, const char *end);

/** Columns that a code point takes in a monospaced font: 0, 1 or 2. Shown as escape_bytes does. */
unsigned escape_char_columns(uint32_t c);

/**
 * Write the start, or the end, of a text that takes more than columns, with an ellipsis for the
 * rest; all of it if it fits. Nothing if it does not and columns are fewer than 4.
 */
void escape_start(FILE *out, enum escape how, const char *text, size_t columns);
void escape_end(FILE *out, enum escape how, const char *text, size_t columns);

/** Columns of len bytes when written with any of the forms that make visible. */
size_t escape_columns(const char *bytes, size_t len);

#endif
