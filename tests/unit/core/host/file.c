// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/file.h"
#include "core/host/fd.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/fil-test-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void what_is_written_is_read(void)
{
	cleanup_buffer struct buffer content = { 0 };
	const char *path = in_folder("file");
	CHECK_INT(file_write(path, 0640, "some\0bytes", 10), 0);
	struct stat status;
	REQUIRE(stat(path, &status) == 0);
	CHECK_INT(status.st_mode & 0777, 0640);
	buffer_append_text(&content, "before ");
	CHECK_INT(file_read(path, 10, &content), 0);
	CHECK_INT(content.len, 17);
	CHECK_BYTES(content.data, "before some\0bytes", 18);
	CHECK_INT(file_read(path, 9, &content), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(content.len, 17);
	CHECK_INT(file_write(path, 0600, "x", 1), 0);
	REQUIRE(stat(path, &status) == 0);
	CHECK_INT(status.st_mode & 0777, 0600);
	CHECK_INT(status.st_size, 1);
	unlink(path);
}

static void only_files_are_read(void)
{
	cleanup_buffer struct buffer content = { 0 };
	const char *path = in_folder("fifo");
	CHECK_INT(file_read(folder, 100, &content), -1);
	CHECK_INT(errno, EISDIR);
	REQUIRE(mkfifo(path, 0600) == 0);
	CHECK_INT(file_read(path, 100, &content), -1);
	CHECK_INT(errno, EINVAL);
	unlink(path);
	CHECK_INT(file_read(path, 100, &content), -1);
	CHECK_INT(errno, ENOENT);
}

static void full_disk_is_told_and_a_device_left_alone(void)
{
	struct stat before;
	struct stat after;
	REQUIRE(stat("/dev/full", &before) == 0);
	CHECK_INT(file_write("/dev/full", 0600, "x", 1), -1);
	CHECK_INT(errno, ENOSPC);
	REQUIRE(stat("/dev/full", &after) == 0);
	CHECK_INT(after.st_mode, before.st_mode);
}

static void text_is_cut_to_fit(void)
{
	char text[5] = "....";
	const char *path = in_folder("text");
	REQUIRE(file_write(path, 0600, "abcdefgh", 8) == 0);
	CHECK_INT(file_read_text(path, text, sizeof(text)), 4);
	CHECK_STR(text, "abcd");
	unlink(path);
	CHECK_INT(file_read_text(path, text, sizeof(text)), -1);
	CHECK_STR(text, "");
}

static void descriptors_stay_clear_of_stdio(void)
{
	int saved = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	int fd = fd_above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC));
	CHECK(fd > STDERR_FILENO);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(STDIN_FILENO, F_GETFD), -1);
	close(fd);
	CHECK_INT(fd_above_stdio(-1), -1);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void short_file_is_an_error_of_pread(void)
{
	char bytes[4];
	const char *path = in_folder("short");
	REQUIRE(file_write(path, 0600, "abcd", 4) == 0);
	int fd = open(path, O_RDONLY);
	CHECK_INT(fd_pread_all(fd, bytes, 2, 2), 0);
	CHECK_BYTES(bytes, "cd", 2);
	CHECK_INT(fd_pread_all(fd, bytes, 3, 2), -1);
	CHECK_INT(errno, EIO);
	close(fd);
	unlink(path);
}

int main(void)
{
	REQUIRE(mkdtemp(folder));
	RUN(what_is_written_is_read);
	RUN(only_files_are_read);
	RUN(full_disk_is_told_and_a_device_left_alone);
	RUN(text_is_cut_to_fit);
	RUN(descriptors_stay_clear_of_stdio);
	RUN(short_file_is_an_error_of_pread);
	REQUIRE(rmdir(folder) == 0);
	return test_done();
}
