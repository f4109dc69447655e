// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/size.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BYTES_MAX ((double)((uint64_t)1 << 60))

/* A number without sign, exponent or hexadecimal digits, which strtod would take; NULL: none. */
static const char *take_number(const char *text, double *ret)
{
	size_t whole = strspn(text, "0123456789");
	size_t len = whole;

	if (text[len] == '.') {
		len += 1 + strspn(text + len + 1, "0123456789");
	}
	if (len == 0 || (whole == 0 && len == 1)) {
		return NULL;
	}
	*ret = strtod(text, NULL);
	return text + len;
}

/* What a unit multiplies by; 0 for what is none. */
static double unit_of(const char *text)
{
	static const char prefixes[] = "kmgt";
	const char *prefix = *text ? strchr(prefixes, tolower((unsigned char)*text)) : NULL;
	double unit = 1;

	if (!prefix) {
		return strcasecmp(text, "B") == 0 || !*text ? 1 : 0;
	}
	for (const char *p = prefixes; p <= prefix; p++) {
		unit *= 1024;
	}
	text++;
	return !*text || strcasecmp(text, "B") == 0 || strcasecmp(text, "iB") == 0 ? unit : 0;
}

bool size_parse(const char *text, uint64_t *ret_bytes)
{
	double number, bytes;
	const char *rest = take_number(text, &number);

	if (!rest) {
		return false;
	}
	bytes = number * unit_of(rest + strspn(rest, " "));
	if (!(bytes >= 1 && bytes <= BYTES_MAX)) {
		return false;
	}
	*ret_bytes = (uint64_t)bytes;
	return true;
}

bool size_parse_percent(const char *text, double *ret_percent)
{
	double percent;
	const char *rest = take_number(text, &percent);

	if (!rest || strcmp(rest, "%") != 0 || !(percent > 0 && percent <= 100)) {
		return false;
	}
	*ret_percent = percent;
	return true;
}
