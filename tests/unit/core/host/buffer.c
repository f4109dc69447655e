// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/buffer.h"

#include "tests/unit/test.h"

static void empty_is_a_string(void)
{
	struct buffer buffer = { 0 };
	CHECK_STR(buffer_text(&buffer), "");
	buffer_append(&buffer, NULL, 0);
	CHECK_STR(buffer_text(&buffer), "");
	CHECK_INT(buffer.len, 0);
	buffer_done(&buffer);
}

static void appends_follow_each_other(void)
{
	cleanup_buffer struct buffer buffer = { 0 };
	buffer_append_text(&buffer, "one");
	buffer_append_char(&buffer, ',');
	buffer_printf(&buffer, "%d %s", 2, "three");
	buffer_append(&buffer, "\0z", 2);
	CHECK_INT(buffer.len, 13);
	CHECK_BYTES(buffer.data, "one,2 three\0z", 14);
	CHECK(!buffer_failed(&buffer));
	buffer_clear(&buffer);
	CHECK_STR(buffer_text(&buffer), "");
}

static void numbers_are_decimal(void)
{
	cleanup_buffer struct buffer buffer = { 0 };
	buffer_append_number(&buffer, 0);
	buffer_append_char(&buffer, ' ');
	buffer_append_number(&buffer, 1030);
	buffer_append_char(&buffer, ' ');
	buffer_append_number(&buffer, UINT64_MAX);
	CHECK_STR(buffer_text(&buffer), "0 1030 18446744073709551615");
}

static void grows_over_many_appends(void)
{
	cleanup_buffer struct buffer buffer = { 0 };
	for (int i = 0; i < 10000; i++) {
		buffer_printf(&buffer, "%04d", i);
	}
	CHECK_INT(buffer.len, 40000);
	CHECK_BYTES(buffer.data + 4 * 9876, "9876", 4);
}

static void failure_is_remembered(void)
{
	cleanup_buffer struct buffer buffer = { 0 };
	buffer_append_text(&buffer, "kept");
	CHECK(!buffer_reserve(&buffer, SIZE_MAX - 2));
	buffer_append_text(&buffer, "dropped");
	buffer_printf(&buffer, "%d", 1);
	CHECK(buffer_failed(&buffer));
	CHECK_STR(buffer_text(&buffer), "kept");
}

int main(void)
{
	RUN(empty_is_a_string);
	RUN(appends_follow_each_other);
	RUN(numbers_are_decimal);
	RUN(grows_over_many_appends);
	RUN(failure_is_remembered);
	return test_done();
}
