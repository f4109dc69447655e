// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/stream.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

static FILE *open_file(const char *path)
{
	FILE *out = fopen(path, "w");

	REQUIRE(out);
	return out;
}

static void success_is_none(void)
{
	FILE *out = open_file("whole");

	fputs("text", out);
	errno = EINVAL;
	CHECK_INT(stream_finish(out, 0), 0);
}

static void the_writers_errno_counts(void)
{
	FILE *out = open_file("failed");

	errno = ENOMEM;
	CHECK_INT(stream_finish(out, -1), ENOMEM);
	out = open_file("failed");
	errno = 0;
	CHECK_INT(stream_finish(out, -1), EIO);
}

static void a_late_failure_is_seen(void)
{
	FILE *out = open_file("/dev/full");

	fputs("text", out);
	CHECK_INT(stream_finish(out, 0), ENOSPC);
}

static void an_early_failure_keeps_its_reason(void)
{
	FILE *out = open_file("/dev/full");

	fputs("text", out);
	CHECK(fflush(out) != 0);
	errno = EINVAL;
	CHECK_INT(stream_finish(out, -1), ENOSPC);
	out = open_file("/dev/full");
	fputs("text", out);
	CHECK(fflush(out) != 0);
	CHECK_INT(stream_finish(out, 0), ENOSPC);
}

int main(void)
{
	RUN(success_is_none);
	RUN(the_writers_errno_counts);
	RUN(a_late_failure_is_seen);
	RUN(an_early_failure_keeps_its_reason);
	return test_done();
}
