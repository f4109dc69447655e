// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A segment that is kept in a file. */
#include "core/supervise/kept_file.h"

#include "core/host/claim.h"
#include "core/host/file.h"
#include "core/profile/left_segment.h"
#include "core/shm/create.h"
#include "core/supervise/passing.h"
#include "tests/unit/core/supervise/run.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char name[] = "kept.segment";

static struct supervise_options options_of(const char *script)
{
	static char *argv[] = { "sh", "-c", NULL, NULL };
	argv[2] = (char *)script;
	return (struct supervise_options){
		.program = "/bin/sh",
		.argv = argv,
		.envp = environ,
		.fallback_folder = "/tmp",
		.proc_root = "/",
		.segment_file = name,
		.notes = { .command = "sh -c 'x'", .directory = "/srv", .code = "" },
	};
}

static struct supervisor *start(const char *script)
{
	struct supervise_options options = options_of(script);
	struct supervise_error error = { .message = "" };
	struct supervisor *supervisor = supervise_start(&options, &error);
	CHECK_STR(error.message, "");
	REQUIRE(supervisor);
	return supervisor;
}

static struct profile *read_kept(void)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	struct profile *profile = left_segment_read(fd, "", false);
	close(fd);
	REQUIRE(profile);
	return profile;
}

static void is_there_while_the_run_goes_on(void)
{
	int ends[2];
	struct stat status;
	REQUIRE(pipe(ends) == 0);
	int saved = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	struct supervisor *supervisor = start("read line; exit 3");
	REQUIRE(stat(name, &status) == 0);
	CHECK_INT(status.st_mode, S_IFREG | 0600);
	CHECK_INT(status.st_size, SEGMENT_SIZE_KEPT);
	/* All that is written to at fixed places has its space. */
	CHECK(status.st_blocks * 512 >= (blkcnt_t)(SEGMENT_FRONT_BYTES + SLOT_BYTES));
	struct profile *profile = read_kept();
	CHECK_INT(profile->outcome.verdict, VERDICT_RUNNING);
	CHECK_STR(profile_string(profile, profile->command), "sh -c 'x'");
	CHECK_STR(profile_string(profile, profile->directory), "/srv");
	CHECK(profile->outcome.start_unix_ms > 0);
	CHECK(profile->sample_count > 0);
	profile_free(profile);
	close(ends[1]);
	CHECK_INT(run_end(supervisor).exit_status, 3);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(ends[0]);
	CHECK_INT(access(name, F_OK), -1);
}

static void stays_if_its_report_failed(void)
{
	struct supervisor *supervisor = start("exit 7");
	supervise_keep_segment(supervisor);
	run_end(supervisor);
	struct profile *profile = read_kept();
	CHECK_INT(profile->outcome.verdict, VERDICT_EXITED);
	CHECK_INT(profile->outcome.exit_status, 7);
	profile_free(profile);
	CHECK_INT(unlink(name), 0);
}

static void what_is_there_is_not_touched(void)
{
	struct supervise_options options = options_of("exit 0");
	struct supervise_error error = { .message = "" };
	char text[16] = "";
	CHECK_INT(file_write(name, 0644, "thesis", 6), 0);
	CHECK(!supervise_start(&options, &error));
	CHECK_INT(error.status, 125);
	CHECK_STR(error.message, "cannot create the segment kept.segment: File exists");
	CHECK_INT(file_read_text(name, text, sizeof(text)), 6);
	CHECK_STR(text, "thesis");
	CHECK_INT(unlink(name), 0);
}

static void another_file_of_that_name_is_not_removed(void)
{
	struct supervisor *supervisor = start("exit 0");
	CHECK_INT(rename(name, "moved"), 0);
	CHECK_INT(file_write(name, 0644, "thesis", 6), 0);
	run_end(supervisor);
	CHECK_INT(access(name, F_OK), 0);
	CHECK_INT(unlink(name), 0);
	CHECK_INT(unlink("moved"), 0);
}

static void without_the_folder_it_says_so(void)
{
	struct supervise_options options = options_of("exit 0");
	struct supervise_error error = { .message = "" };
	options.segment_file = "missing/kept.segment";
	CHECK(!supervise_start(&options, &error));
	CHECK_STR(error.message,
		  "cannot create the segment missing/kept.segment: No such file or directory");
}

static void a_program_that_does_not_start_leaves_nothing(void)
{
	struct supervise_options options = options_of("exit 0");
	struct supervise_error error = { .message = "" };
	options.program = "/nonexistent";
	CHECK(!supervise_start(&options, &error));
	CHECK_INT(error.status, 127);
	CHECK_INT(access(name, F_OK), -1);
}

/** Without memfd and /proc the workload opens it by its name. */
static void is_passed_by_name(void)
{
	static const char image[] = "hook";
	struct supervise_options options = options_of("exit 0");
	struct supervise_error error = { .message = "" };
	struct passing passing;
	options.hook_image = image;
	options.hook_image_bytes = sizeof(image);
	REQUIRE(passing_open_files(&passing, &options, &error));
	CHECK_INT(passing.segment_path[0], '/');
	CHECK(strstr(passing.segment_path, "/kept.segment"));
	CHECK(passing.info);
	CHECK(passing.header->flags & SEGMENT_ON_DISK);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && claim_is_taken(fd));
	close(fd);
	passing_close(&passing);
	CHECK_INT(access(name, F_OK), -1);

	char longer[PATH_MAX];
	char folder[256];
	memset(folder, 'f', sizeof(folder));
	folder[254] = 0;
	CHECK_INT(mkdir(folder, 0700), 0);
	snprintf(longer, sizeof(longer), "%s/kept.segment", folder);
	options.segment_file = longer;
	CHECK(!passing_open_files(&passing, &options, &error));
	CHECK(strstr(error.message, "longer than 255 bytes"));
	CHECK_INT(rmdir(folder), 0);
}

static void long_texts_are_left_out(void)
{
	static char command[RUN_INFO_TEXT_BYTES];
	memset(command, 'c', sizeof(command) - 1);
	struct supervise_options options = options_of("exit 0");
	struct supervise_error error = { .message = "" };
	options.notes.command = command;
	struct supervisor *supervisor = supervise_start(&options, &error);
	REQUIRE(supervisor);
	supervise_keep_segment(supervisor);
	run_end(supervisor);
	struct profile *profile = read_kept();
	CHECK_STR(profile_string(profile, profile->command), "");
	CHECK_STR(profile_string(profile, profile->directory), "/srv");
	profile_free(profile);
	CHECK_INT(unlink(name), 0);
}

int main(void)
{
	RUN(is_there_while_the_run_goes_on);
	RUN(stays_if_its_report_failed);
	RUN(what_is_there_is_not_touched);
	RUN(another_file_of_that_name_is_not_removed);
	RUN(without_the_folder_it_says_so);
	RUN(a_program_that_does_not_start_leaves_nothing);
	RUN(is_passed_by_name);
	RUN(long_texts_are_left_out);
	return test_done();
}
