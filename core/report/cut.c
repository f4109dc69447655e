// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/cut.h"

#include "core/report/escape.h"

#include <string.h>

void cut_text(FILE *out, const char *text, unsigned columns)
{
	const char *end = text + strlen(text);
	const char *fits = text;
	const char *at = text;
	unsigned used = 0;
	while (at < end) {
		const char *start = at;
		escape_next_char(&at, end);
		used += (unsigned)escape_columns(start, (size_t)(at - start));
		if (used > columns) {
			escape_bytes(out, ESCAPE_TERMINAL, text, (size_t)(fits - text));
			fputs("...", out);
			return;
		}
		if (used + 3 <= columns) {
			fits = at;
		}
	}
	escape_text(out, ESCAPE_TERMINAL, text);
}
