// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* How hook and segment reach the workload. */
#include "core/supervise/passing.h"

#include "core/host/file.h"
#include "core/shm/create.h"
#include "tests/unit/core/supervise/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const char image[] = "no shared object, but ld.so opens it before it finds that out";

static struct supervise_options options_with_image(void)
{
	return (struct supervise_options){
		.hook_image = image,
		.hook_image_bytes = sizeof(image) - 1,
		.fallback_folder = "/tmp",
	};
}

static mode_t mode_of(const char *path)
{
	struct stat status = { 0 };
	CHECK_INT(stat(path, &status), 0);
	return status.st_mode & 0777;
}

static void check_content(const struct passing *passing)
{
	char text[sizeof(image)] = "";
	CHECK(file_read_text(passing->hook_path, text, sizeof(text)) > 0);
	CHECK_STR(text, image);
	struct segment_header header;
	int fd = open(passing->segment_path, O_RDWR | O_CLOEXEC);
	REQUIRE(fd >= 0 && pread(fd, &header, sizeof(header), 0) == sizeof(header));
	CHECK_INT(header.magic, SEGMENT_MAGIC);
	CHECK_INT(header.size_bytes, SEGMENT_SIZE_MAX);
	CHECK_INT(lseek(fd, 0, SEEK_END), SEGMENT_SIZE_MAX);
	close(fd);
}

static void memfds(void)
{
	struct supervise_options options = options_with_image();
	struct supervise_error error = { .message = "" };
	struct passing passing;
	REQUIRE(passing_open(&passing, &options, &error));
	CHECK(strncmp(passing.hook_path, "/proc/", 6) == 0);
	CHECK(strncmp(passing.segment_path, "/proc/", 6) == 0);
	check_content(&passing);
	CHECK_INT(mode_of(passing.hook_path), 0500);
	CHECK_INT(mode_of(passing.segment_path), 0600);
	CHECK_INT(fcntl(passing.hook_fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(passing.segment_fd, F_GETFD), FD_CLOEXEC);
	/* Sealed: nobody takes away what is mapped, or changes the code. */
	CHECK_INT(ftruncate(passing.segment_fd, 4096), -1);
	CHECK_INT(ftruncate(passing.segment_fd, (off_t)SEGMENT_SIZE_MAX * 2), -1);
	CHECK_INT(pwrite(passing.hook_fd, "x", 1, 0), -1);
	CHECK_INT(errno, EPERM);
	passing_close(&passing);
}

static void files_are_removed(void)
{
	struct supervise_options options = options_with_image();
	struct supervise_error error = { .message = "" };
	struct passing passing;
	setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
	REQUIRE(passing_open_files(&passing, &options, &error));
	check_content(&passing);
	CHECK_INT(mode_of(passing.segment_path), 0600);
	CHECK_INT(mode_of(passing.hook_path), 0500);
	struct passing names = passing;
	passing_close(&passing);
	CHECK_INT(access(names.hook_path, F_OK), -1);
	CHECK_INT(access(names.segment_path, F_OK), -1);
}

/** ld.so would cut such a path in two. */
static void folder_with_a_space_is_not_taken(void)
{
	struct supervise_options options = options_with_image();
	struct supervise_error error = { .message = "" };
	struct passing passing;
	char folder[] = "/tmp/fil test XXXXXX";
	REQUIRE(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	REQUIRE(passing_open_files(&passing, &options, &error));
	CHECK(!strchr(passing.hook_path, ' '));
	passing_close(&passing);
	CHECK_INT(rmdir(folder), 0);
}

static void limit_of_file_size_gives_a_smaller_segment(void)
{
	struct rlimit before;
	struct rlimit small = { (uint64_t)3 << 30, RLIM_INFINITY };
	struct supervise_options options = options_with_image();
	struct supervise_error error = { .message = "" };
	struct passing passing;
	signal(SIGXFSZ, SIG_IGN);
	REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0 && setrlimit(RLIMIT_FSIZE, &small) == 0);
	REQUIRE(passing_open(&passing, &options, &error));
	CHECK_INT(passing.header->size_bytes, (uint64_t)2 << 30);
	passing_close(&passing);
	small.rlim_cur = 1 << 20;
	REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK(!passing_open(&passing, &options, &error));
	CHECK_INT(error.status, 125);
	CHECK(strstr(error.message, "ulimit -f"));
	setrlimit(RLIMIT_FSIZE, &before);
}

/**
 * Standard error of a program that was told to preload the image: ld.so complains of what it holds.
 */
static void loader_finds_the_hook(void)
{
	int ends[2];
	char text[1024] = "";
	char *argv[] = { "true", NULL };
	struct supervise_options options = options_with_image();
	struct supervise_error error = { .message = "" };
	options.program = "/bin/true";
	options.argv = argv;
	options.envp = environ;
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	int saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	struct supervisor *supervisor = supervise_start(&options, &error);
	dup2(saved, STDERR_FILENO);
	close(saved);
	REQUIRE(supervisor);
	CHECK_INT(run_end(supervisor).exit_status, 0);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0);
	CHECK(strstr(text, "cannot be preloaded"));
	CHECK(!strstr(text, "cannot open"));
	close(ends[0]);
}

int main(void)
{
	RUN(memfds);
	RUN(files_are_removed);
	RUN(folder_with_a_space_is_not_taken);
	RUN(limit_of_file_size_gives_a_smaller_segment);
	RUN(loader_finds_the_hook);
	return test_done();
}
