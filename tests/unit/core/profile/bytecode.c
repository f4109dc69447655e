// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/bytecode.h"

#include "core/base/recording.h"
#include "core/host/file.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_MS 1700000000000

/** A file of that age, relative to the start of the run. */
static void put(const char *path, int seconds)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { START_MS / 1000 + seconds, 0 } };
	REQUIRE(file_write(path, 0600, "", 0) == 0);
	REQUIRE(utimensat(AT_FDCWD, path, times, 0) == 0);
}

/** Names of files at multiples of 16 in the pool. */
static char strings[16 * 8] = "\0...............a.py\0...........lib/b.py\0.......lib/b.py\0......."
			      "<frozen os>\0....c.py\0...........x.so\0...........";
static struct profile_frame frames[] = {
	{ .file = 16 }, { .file = 16, .line = 2 }, { .file = 32 }, { .file = 64 },
	{ .file = 80 }, { .file = 96 },		   { .file = 0 },
};

static struct conditions count(uint32_t version, uint32_t image_flags)
{
	static char root[4096];
	struct profile_process process = { .python_version = version, .image_flags = image_flags };
	struct profile profile = {
		.strings = strings,
		.strings_bytes = sizeof(strings),
		.frames = frames,
		.frame_count = sizeof(frames) / sizeof(frames[0]),
		.processes = &process,
		.process_count = 1,
	};
	REQUIRE(getcwd(root, sizeof(root)));
	struct bytecode_place place = { root, "/job", START_MS };
	bytecode_count(&profile, &place);
	return profile.conditions;
}

static void make_job(void)
{
	mkdir("job", 0700);
	mkdir("job/__pycache__", 0700);
	mkdir("job/lib", 0700);
	mkdir("job/lib/__pycache__", 0700);
	put("job/__pycache__/a.cpython-311.pyc", -1);
	put("job/lib/__pycache__/b.cpython-311.pyc", 1);
	put("job/lib/__pycache__/b.cpython-313t.pyc", -1);
}

static void what_was_not_there_before_was_compiled(void)
{
	make_job();
	/* a.py was cached, lib/b.py was written now, c.py cannot be. */
	struct conditions conditions = count(0x030b02f0, 0);
	CHECK_INT(conditions.sources, 3);
	CHECK_INT(conditions.sources_compiled, 2);
}

static void each_python_has_bytecode_of_its_own(void)
{
	CHECK_INT(count(0x030c02f0, 0).sources_compiled, 3);
	CHECK_INT(count(0x030d02f0, 0).sources_compiled, 3);
	CHECK_INT(count(0x030d02f0, IMAGE_FREE_THREADED).sources_compiled, 2);
}

static void without_python_nothing_is_counted(void)
{
	CHECK_INT(count(0, 0).sources, 0);
}

int main(void)
{
	RUN(what_was_not_there_before_was_compiled);
	RUN(each_python_has_bytecode_of_its_own);
	RUN(without_python_nothing_is_counted);
	return test_done();
}
