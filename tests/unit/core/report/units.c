// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/units.h"
#include "tests/unit/test.h"

static void sizes_have_one_decimal_and_a_binary_unit(void)
{
	CHECK_STR(units_bytes(0).text, "0 bytes");
	CHECK_STR(units_bytes(1).text, "1 byte");
	CHECK_STR(units_bytes(1023).text, "1023 bytes");
	CHECK_STR(units_bytes(1024).text, "1.0 KiB");
	CHECK_STR(units_bytes(1536).text, "1.5 KiB");
	CHECK_STR(units_bytes(1048575).text, "1.0 MiB");
	CHECK_STR(units_bytes(1023 * 1024).text, "1,023.0 KiB");
	CHECK_STR(units_bytes((uint64_t)5 << 30).text, "5.0 GiB");
	CHECK_STR(units_bytes(UINT64_MAX).text, "16,777,216.0 TiB");
}

static void counts_have_groups_of_three(void)
{
	CHECK_STR(units_count(0).text, "0");
	CHECK_STR(units_count(999).text, "999");
	CHECK_STR(units_count(1000).text, "1,000");
	CHECK_STR(units_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void durations_have_two_units_at_most(void)
{
	CHECK_STR(units_duration(0).text, "0 ms");
	CHECK_STR(units_duration(999).text, "999 ms");
	CHECK_STR(units_duration(12340).text, "12.3 s");
	CHECK_STR(units_duration(59949).text, "59.9 s");
	CHECK_STR(units_duration(59951).text, "1 min 00 s");
	CHECK_STR(units_duration(245000).text, "4 min 05 s");
	CHECK_STR(units_duration(3 * 3600000 + 7 * 60000).text, "3 h 07 min");
	CHECK_STR(units_duration((uint64_t)52 * 3600000).text, "2 d 04 h");
}

static void percentages_never_show_something_as_nothing(void)
{
	CHECK_STR(units_percent(0, 0).text, "0 %");
	CHECK_STR(units_percent(0, 10).text, "0 %");
	CHECK_STR(units_percent(1, 100000).text, "< 0.1 %");
	CHECK_STR(units_percent(375, 1000).text, "37.5 %");
	CHECK_STR(units_percent(5, 5).text, "100 %");
	CHECK_STR(units_percent(UINT64_MAX, UINT64_MAX).text, "100 %");
}

int main(void)
{
	RUN(sizes_have_one_decimal_and_a_binary_unit);
	RUN(counts_have_groups_of_three);
	RUN(durations_have_two_units_at_most);
	RUN(percentages_never_show_something_as_nothing);
	return test_done();
}
