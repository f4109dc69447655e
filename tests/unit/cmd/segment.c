// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What --segment does before the run. */
#include "cmd/segment.h"

#include "core/host/claim.h"
#include "core/host/file.h"
#include "tests/unit/core/profile/sample.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char name[] = "run.segment";
static const char previous[] = "run.segment.previous";

/** What was said since the last call; standard error is a file. */
static const char *said(void)
{
	static char text[4096];
	text[0] = 0;
	CHECK(file_read_text("said", text, sizeof(text)) >= 0);
	CHECK_INT(ftruncate(STDERR_FILENO, 0), 0);
	return text;
}

static void write_segment(const char *path, uint32_t slots)
{
	struct segment_header header = {
		.magic = SEGMENT_MAGIC,
		.version = SEGMENT_VERSION,
		.slots_used = slots,
	};
	CHECK_INT(file_write(path, 0600, &header, sizeof(header)), 0);
}

static uint32_t slots_of(const char *path)
{
	struct segment_header header = { .slots_used = 99 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, &header, sizeof(header)) == sizeof(header));
	close(fd);
	return header.slots_used;
}

static void free_names_are_free(void)
{
	struct refusal refusal;
	CHECK_INT(segment_make_room(name, &refusal), 0);
	CHECK_INT(file_write(name, 0600, "", 0), 0);
	CHECK_INT(segment_make_room(name, &refusal), 0);
	CHECK_INT(access(name, F_OK), -1);
	CHECK_STR(said(), "");
}

static void the_trace_of_an_earlier_run_is_kept(void)
{
	struct refusal refusal;
	write_segment(name, 1);
	CHECK_INT(segment_make_room(name, &refusal), 0);
	CHECK_INT(access(name, F_OK), -1);
	CHECK_INT(slots_of(previous), 1);
	CHECK_STR(said(), "=fil-profile= the segment of an earlier run is kept: fil-profile report "
			  "run.segment.previous\n");
	/* Of the one before that there has been time to make a report. */
	write_segment(name, 2);
	CHECK_INT(segment_make_room(name, &refusal), 0);
	CHECK_INT(slots_of(previous), 2);
	said();
}

static void one_in_use_is_refused(void)
{
	struct refusal refusal;
	write_segment(name, 3);
	int fd = open(name, O_RDWR | O_CLOEXEC);
	REQUIRE(fd >= 0 && claim_take(fd));
	CHECK_INT(segment_make_room(name, &refusal), -1);
	CHECK_STR(refusal.message, "run.segment is the segment of a run that goes on");
	close(fd);
	CHECK_INT(slots_of(name), 3);
	CHECK_INT(unlink(name), 0);
}

static void nothing_else_is_touched(void)
{
	struct refusal refusal;
	CHECK_INT(file_write(name, 0600, "thesis", 6), 0);
	CHECK_INT(segment_make_room(name, &refusal), -1);
	CHECK_INT(refusal.status, 125);
	CHECK_STR(refusal.message,
		  "run.segment is there and is no segment: it will not be replaced");
	CHECK_INT(unlink(name), 0);
	CHECK_INT(symlink(previous, name), 0);
	CHECK_INT(segment_make_room(name, &refusal), -1);
	CHECK_INT(unlink(name), 0);
	CHECK_INT(segment_make_room(".", &refusal), -1);
	write_segment(name, 4);
	CHECK_INT(file_write(previous, 0600, "thesis", 6), 0);
	CHECK_INT(segment_make_room(name, &refusal), -1);
	CHECK_STR(refusal.message,
		  "run.segment.previous is there and is no segment: it will not be replaced");
	CHECK_INT(slots_of(name), 4);
	CHECK_INT(unlink(name), 0);
	CHECK_INT(unlink(previous), 0);
}

/** "tests/fixtures/NAME" below the source tree. */
static const char *fixture(const char *folder)
{
	static char path[1024];
	const char *root = getenv("FIL_ROOT");
	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", root ? root : ".", folder);
	return path;
}

static void says_who_dies_in_a_group(void)
{
	segment_say_who_dies(fixture("cgroup-v2-kubernetes"), 42, NULL, NULL);
	CHECK_STR(said(),
		  "=fil-profile= memory.oom.group is set here: when memory runs out, the kernel "
		  "kills fil-profile, too, and nothing is written\n"
		  "=fil-profile= --segment=FILE on a volume keeps what was recorded; --limit=auto "
		  "ends the program before\n");
	segment_say_who_dies(fixture("cgroup-v2-kubernetes"), 42, NULL, "fil-result/T");
	CHECK_STR(said(),
		  "=fil-profile= memory.oom.group is set here: when memory runs out, the kernel "
		  "kills fil-profile, too\n"
		  "=fil-profile= then there still is a picture of shortly before: "
		  "fil-result/T/picture-in-advance.txt\n"
		  "=fil-profile= --segment=FILE on a volume keeps what was recorded; --limit=auto "
		  "ends the program before\n");
	segment_say_who_dies(fixture("cgroup-v2-kubernetes"), 42, "/vol/a", "fil-result/T");
	CHECK_STR(said(),
		  "=fil-profile= memory.oom.group is set here: when memory runs out, the kernel "
		  "kills fil-profile, too\n"
		  "=fil-profile= then there still is: fil-profile report /vol/a\n");
	segment_say_who_dies(fixture("cgroup-v2"), 42, NULL, "fil-result/T");
	segment_say_who_dies(fixture("cgroup-v1"), 42, NULL, "fil-result/T");
	CHECK_STR(said(), "");
}

int main(void)
{
	int fd = open("said", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	RUN(free_names_are_free);
	RUN(the_trace_of_an_earlier_run_is_kept);
	RUN(one_in_use_is_refused);
	RUN(nothing_else_is_touched);
	RUN(says_who_dies_in_a_group);
	return test_done();
}
