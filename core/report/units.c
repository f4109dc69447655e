// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/units.h"

#include "core/base/attributes.h"

#include <stdio.h>
#include <string.h>

struct units_text units_count(uint64_t count)
{
	char digits[24];
	struct units_text result = { "" };
	char *to = result.text;
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0) {
			*to++ = ',';
		}
		*to++ = digits[i];
	}
	return result;
}

struct units_text units_bytes(uint64_t bytes)
{
	static const char *const names[] = { "KiB", "MiB", "GiB", "TiB" };
	struct units_text result;
	if (bytes < 1024) {
		snprintf(result.text, sizeof(result.text), "%u byte%s", (unsigned)bytes,
			 bytes == 1 ? "" : "s");
		return result;
	}
	/* The unit in which it is below 1,024.0 when rounded; in integers, so always alike. */
	unsigned unit = 0;
	unsigned __int128 tenths;
	for (;; unit++) {
		uint64_t one = (uint64_t)1024 << (10 * unit);
		tenths = ((unsigned __int128)bytes * 10 + one / 2) / one;
		if (tenths < 10240 || unit + 1 == countof(names)) {
			break;
		}
	}
	snprintf(result.text, sizeof(result.text), "%.26s.%u %s",
		 units_count((uint64_t)(tenths / 10)).text, (unsigned)(tenths % 10), names[unit]);
	return result;
}

struct units_text units_duration(uint64_t ms)
{
	struct units_text result;
	char *text = result.text;
	uint64_t seconds = (ms + 500) / 1000;
	if (ms < 1000) {
		snprintf(text, sizeof(result.text), "%u ms", (unsigned)ms);
	} else if (ms < 59950) {
		unsigned tenths = (unsigned)((ms + 50) / 100);
		snprintf(text, sizeof(result.text), "%u.%u s", tenths / 10, tenths % 10);
	} else if (seconds < 3600) {
		snprintf(text, sizeof(result.text), "%u min %02u s", (unsigned)(seconds / 60),
			 (unsigned)(seconds % 60));
	} else if (seconds < 86400) {
		snprintf(text, sizeof(result.text), "%u h %02u min", (unsigned)(seconds / 3600),
			 (unsigned)(seconds / 60 % 60));
	} else {
		snprintf(text, sizeof(result.text), "%llu d %02u h",
			 (unsigned long long)(seconds / 86400), (unsigned)(seconds / 3600 % 24));
	}
	return result;
}

struct units_text units_percent(uint64_t part, uint64_t whole)
{
	struct units_text result = { "0 %" };
	if (part == 0 || whole == 0) {
		return result;
	}
	uint64_t tenths = (uint64_t)(((unsigned __int128)part * 1000 + whole / 2) / whole);
	if (tenths == 0) {
		strcpy(result.text, "< 0.1 %");
	} else if (tenths == 1000) {
		strcpy(result.text, "100 %");
	} else {
		snprintf(result.text, sizeof(result.text), "%.26s.%u %%",
			 units_count(tenths / 10).text, (unsigned)(tenths % 10));
	}
	return result;
}
