// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/result_folder.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2026-11-23T04:12:37.759 UTC */
#define TIME_MS 1795407157759

static struct result_folder create(const char *parent, int64_t unix_ms)
{
	struct result_folder folder;

	REQUIRE(result_folder_create(&folder, parent, unix_ms) == 0);
	return folder;
}

static int mode_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 ? (int)(status.st_mode & 07777) : -1;
}

static int write_file(const struct result_folder *folder, const char *name, const char *text,
		      int result)
{
	struct result_file file;

	REQUIRE(result_file_open(&file, folder, name) == 0);
	fputs(text, file.out);
	if (result != 0) {
		errno = ENOSPC;
	}
	return result_file_close(&file, result);
}

static void is_named_by_its_time(void)
{
	struct result_folder folder = create("out", TIME_MS);
	struct result_folder again = create("out", TIME_MS);
	struct result_folder slashes = create("out//", TIME_MS + 60000);

	CHECK_STR(folder.path, "out/2026-11-23T04-12-37_759");
	CHECK_STR(again.path, "out/2026-11-23T04-12-37_760");
	CHECK_STR(slashes.path, "out/2026-11-23T04-13-37_759");
	result_folder_done(&folder);
	result_folder_done(&again);
	result_folder_done(&slashes);
}

static void is_private_whatever_the_umask(void)
{
	static const mode_t masks[] = {0, 022, 0277};

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		struct result_folder folder;
		char *path;
		umask(masks[i]);
		folder = create("private/deep", TIME_MS);
		CHECK_INT(write_file(&folder, "file", "text", 0), 0);
		umask(022);
		CHECK_INT(mode_of("private"), 0700);
		CHECK_INT(mode_of("private/deep"), 0700);
		CHECK_INT(mode_of(folder.path), 0700);
		path = result_folder_absolute(&folder, "file");
		REQUIRE(path && *path == '/');
		CHECK_INT(mode_of(path), 0600);
		free(path);
		result_folder_done(&folder);
	}
}

static void leaves_existing_folders_alone(void)
{
	struct result_folder folder;

	REQUIRE(mkdir("shared", 0755) == 0);
	folder = create("shared", TIME_MS);
	CHECK_INT(mode_of("shared"), 0755);
	result_folder_abandon(&folder);
	CHECK_INT(mode_of("shared"), 0755);
	CHECK_INT(mode_of("shared/2026-11-23T04-12-37_759"), -1);
}

static void abandons_what_it_made(void)
{
	struct result_folder folder = create("new/below", TIME_MS);

	result_folder_abandon(&folder);
	CHECK_INT(mode_of("new"), -1);
	folder = create("new/below", TIME_MS);
	CHECK_INT(write_file(&folder, "file", "text", 0), 0);
	result_folder_abandon(&folder);
	CHECK_INT(mode_of("new/below/2026-11-23T04-12-37_759/file"), 0600);
}

static void files_appear_whole_or_not_at_all(void)
{
	struct result_folder folder = create("files", TIME_MS);
	struct result_file file;
	char text[16] = "";
	int fd;

	REQUIRE(result_file_open(&file, &folder, "report.txt") == 0);
	fputs("begun", file.out);
	fflush(file.out);
	CHECK(faccessat(folder.fd, "report.txt", F_OK, 0) != 0);
	CHECK_INT(result_file_close(&file, 0), 0);
	fd = openat(folder.fd, "report.txt", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read(fd, text, sizeof(text) - 1), 5);
	CHECK_STR(text, "begun");
	close(fd);
	CHECK_INT(write_file(&folder, "failed.txt", "text", -1), -1);
	CHECK_INT(errno, ENOSPC);
	REQUIRE(unlinkat(folder.fd, "report.txt", 0) == 0);
	result_folder_abandon(&folder);
	CHECK_INT(mode_of("files"), -1);
}

static void unfinished_files_are_swept_away(void)
{
	struct result_folder folder = create("swept", TIME_MS);
	struct result_file file;
	pid_t writer = getpid();

	REQUIRE(result_file_open(&file, &folder, "unfinished.txt") == 0);
	CHECK_INT(write_file(&folder, "finished.txt", "text", 0), 0);
	result_folder_sweep(&folder, writer + 1);
	CHECK_INT(faccessat(folder.fd, file.temporary, F_OK, 0), 0);
	result_folder_sweep(&folder, writer);
	CHECK(faccessat(folder.fd, file.temporary, F_OK, 0) != 0);
	CHECK_INT(faccessat(folder.fd, "finished.txt", F_OK, 0), 0);
	fclose(file.out);
	result_folder_done(&folder);
}

static void errors_are_of_the_first_step_that_fails(void)
{
	struct result_folder folder;
	int fd = open("a-file", O_WRONLY | O_CREAT, 0600);

	REQUIRE(fd >= 0 && close(fd) == 0);
	CHECK_INT(result_folder_create(&folder, "a-file", TIME_MS), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_INT(result_folder_create(&folder, "a-file/below", TIME_MS), -1);
	CHECK_INT(errno, ENOTDIR);
}

static void a_removed_folder_is_made_anew(void)
{
	struct result_folder folder = create("gone", TIME_MS);

	CHECK(!result_folder_is_gone(&folder));
	REQUIRE(rmdir(folder.path) == 0 && rmdir("gone") == 0);
	CHECK(result_folder_is_gone(&folder));
	CHECK_INT(result_folder_replace(&folder, TIME_MS), 0);
	CHECK_STR(folder.path, "gone/2026-11-23T04-12-37_759");
	CHECK_INT(write_file(&folder, "file", "text", 0), 0);
	result_folder_done(&folder);
}

static void another_one_is_made_among_temporary_files(void)
{
	struct result_folder folder = create("full", TIME_MS);
	char here[256], path[400];

	REQUIRE(getcwd(here, sizeof(here)) && setenv("TMPDIR", here, 1) == 0);
	CHECK_INT(result_folder_replace(&folder, TIME_MS), 0);
	snprintf(path, sizeof(path), "%s/fil-result-%u/2026-11-23T04-12-37_759", here, geteuid());
	CHECK_STR(folder.path, path);
	result_folder_abandon(&folder);
}

static void belongs_to_the_caller_under_sudo(void)
{
	struct result_folder folder;
	struct stat status;

	if (geteuid() != 0) {
		return;
	}
	REQUIRE(mkdir("of-root", 0755) == 0);
	REQUIRE(setenv("SUDO_UID", "1234", 1) == 0 && setenv("SUDO_GID", "4321", 1) == 0);
	folder = create("of-root/new", TIME_MS);
	CHECK_INT(write_file(&folder, "file", "text", 0), 0);
	REQUIRE(fstat(folder.fd, &status) == 0);
	CHECK_INT(status.st_uid, 1234);
	CHECK_INT(status.st_gid, 4321);
	REQUIRE(fstatat(folder.fd, "file", &status, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_INT(status.st_uid, 1234);
	REQUIRE(stat("of-root/new", &status) == 0);
	CHECK_INT(status.st_uid, 1234);
	REQUIRE(stat("of-root", &status) == 0);
	CHECK_INT(status.st_uid, 0);
	result_folder_done(&folder);
	REQUIRE(setenv("SUDO_UID", "0x10", 1) == 0);
	folder = create("of-root/odd", TIME_MS);
	REQUIRE(fstat(folder.fd, &status) == 0);
	CHECK_INT(status.st_uid, 0);
	result_folder_done(&folder);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

int main(void)
{
	setenv("TZ", "UTC0", 1);
	RUN(is_named_by_its_time);
	RUN(is_private_whatever_the_umask);
	RUN(leaves_existing_folders_alone);
	RUN(abandons_what_it_made);
	RUN(files_appear_whole_or_not_at_all);
	RUN(unfinished_files_are_swept_away);
	RUN(errors_are_of_the_first_step_that_fails);
	RUN(a_removed_folder_is_made_anew);
	RUN(another_one_is_made_among_temporary_files);
	RUN(belongs_to_the_caller_under_sudo);
	return test_done();
}
