// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/size.h"
#include "tests/unit/test.h"

/* The bytes of a text; 0 if it is refused. */
static uint64_t bytes_of(const char *text)
{
	uint64_t bytes = 7;
	bool is_size = size_parse(text, &bytes);

	CHECK(is_size || bytes == 7);
	return is_size ? bytes : 0;
}

static void units_are_powers_of_1024(void)
{
	CHECK_INT(bytes_of("1"), 1);
	CHECK_INT(bytes_of("300M"), 300 << 20);
	CHECK_INT(bytes_of("2G"), (uint64_t)2 << 30);
	CHECK_INT(bytes_of("2g"), (uint64_t)2 << 30);
	CHECK_INT(bytes_of("1.5GiB"), (uint64_t)3 << 29);
	CHECK_INT(bytes_of("800 MB"), 800 << 20);
	CHECK_INT(bytes_of("64kb"), 64 << 10);
	CHECK_INT(bytes_of("1T"), (uint64_t)1 << 40);
	CHECK_INT(bytes_of("4096B"), 4096);
	CHECK_INT(bytes_of(".5G"), 512 << 20);
}

static void what_is_no_size_is_refused(void)
{
	static const char *const texts[] = {
		"", "G", ".", "-1", "+1", "1e9", "0x10", "0", "0.0001", "1GG", "1Gi b", "2 G x",
		"50%", "auto", "nan", "inf", "99999999999T", "1P", " 1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (bytes_of(texts[i])) {
			test_fail(__FILE__, __LINE__, "\"%s\" is taken for a size", texts[i]);
		}
	}
}

static void percents(void)
{
	double percent = 0;

	CHECK(size_parse_percent("50%", &percent) && percent == 50);
	CHECK(size_parse_percent("12.5%", &percent) && percent == 12.5);
	CHECK(!size_parse_percent("0%", &percent));
	CHECK(!size_parse_percent("101%", &percent));
	CHECK(!size_parse_percent("50", &percent));
	CHECK(!size_parse_percent("50%%", &percent));
	CHECK(!size_parse_percent("-5%", &percent));
	CHECK(percent == 12.5);
}

int main(void)
{
	RUN(units_are_powers_of_1024);
	RUN(what_is_no_size_is_refused);
	RUN(percents);
	return test_done();
}
