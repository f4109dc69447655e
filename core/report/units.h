// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Numbers as people read them in reports: sizes in KiB, MiB, GiB; counts in groups of three. */
#ifndef CORE_REPORT_UNITS_H
#define CORE_REPORT_UNITS_H

#include <stdint.h>

/** Room for any text of this header, with its NUL. */
#define UNITS_TEXT_BYTES 40u

/** A buffer to format into, by value so that calls nest: units_bytes(n).text. */
struct units_text {
	char text[UNITS_TEXT_BYTES];
};

/** "512 bytes", "1 byte", "1.5 KiB", "97.7 MiB", "1,234.5 GiB": one decimal, halves rounded up. */
struct units_text units_bytes(uint64_t bytes);

/** "1,234,567". */
struct units_text units_count(uint64_t count);

/** "850 ms", "12.3 s", "4 min 05 s", "3 h 07 min", "2 d 04 h". */
struct units_text units_duration(uint64_t ms);

/** "37.5 %" of part in whole, "100 %", "< 0.1 %"; "0 %" if whole is 0. */
struct units_text units_percent(uint64_t part, uint64_t whole);

#endif
