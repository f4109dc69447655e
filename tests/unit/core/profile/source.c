// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/source.h"

#include "core/base/hash.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[64];

/** The full name of a file in the test's folder; one at a time. */
static const char *path_of(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(path_of(name), "wb");
	REQUIRE(file && fwrite(bytes, 1, len, file) == len);
	fclose(file);
}

#define PUT(name, literal) put((name), (literal), sizeof(literal) - 1)

static int64_t in_an_hour_ms(void)
{
	return ((int64_t)time(NULL) + 3600) * 1000;
}

static struct source_place place(void)
{
	return (struct source_place){
		.root = "", .directory = folder, .start_unix_ms = in_an_hour_ms()
	};
}

/** The source that a frame on that line gets; NULL: none. One at a time. */
static const char *source_of(const struct source_place *where, const char *name, uint32_t line)
{
	static char text[SOURCE_LINE_BYTES_MAX + 1];
	struct builder builder;
	builder_init(&builder);
	uint32_t frame = builder_frame(&builder, builder_text(&builder, name), 0, line, 0);
	source_attach(&builder, where, &frame, 1);
	REQUIRE(!builder.failed);
	uint32_t source = builder.profile->frames[frame].source;
	snprintf(text, sizeof(text), "%s", profile_string(builder.profile, source));
	builder_done(&builder);
	return source ? text : NULL;
}

static const char *line_of(const char *name, uint32_t line)
{
	struct source_place where = place();
	return source_of(&where, name, line);
}

static void lines_are_counted_as_python_does(void)
{
	PUT("a.py", "one\n  two \t\r\n\rfour\x0c\n\tfive");
	CHECK_STR(line_of("a.py", 1), "one");
	CHECK_STR(line_of("a.py", 2), "  two");
	CHECK_STR(line_of("a.py", 3), NULL);
	CHECK_STR(line_of("a.py", 4), "four");
	CHECK_STR(line_of("a.py", 5), "\tfive");
	CHECK_STR(line_of("a.py", 6), NULL);
	CHECK_STR(line_of("a.py", UINT32_MAX), NULL);
	CHECK_STR(line_of(path_of("a.py"), 1), "one");
}

static void byte_order_marks_are_no_text(void)
{
	PUT("b.py", "\xef\xbb\xbfx = 1\n\xef\xbb\xbfy");
	CHECK_STR(line_of("b.py", 1), "x = 1");
	CHECK_STR(line_of("b.py", 2), "\xef\xbb\xbfy");
}

static void long_lines_are_cut_between_characters(void)
{
	static char text[5000];
	for (size_t i = 0; i + 1 < sizeof(text); i += 2) {
		memcpy(text + i, "\xc3\xa4", 2);
	}
	put("even.py", text, sizeof(text));
	CHECK_INT(strlen(line_of("even.py", 1)), SOURCE_LINE_BYTES_MAX);
	memmove(text + 1, text, sizeof(text) - 1);
	text[0] = 'x';
	put("odd.py", text, sizeof(text));
	CHECK_INT(strlen(line_of("odd.py", 1)), SOURCE_LINE_BYTES_MAX - 1);
}

static void only_regular_files_are_read(void)
{
	REQUIRE(mkfifo(path_of("fifo.py"), 0600) == 0);
	REQUIRE(mkdir(path_of("dir.py"), 0700) == 0);
	CHECK_STR(line_of("fifo.py", 1), NULL);
	CHECK_STR(line_of("dir.py", 1), NULL);
	CHECK_STR(line_of("/dev/zero", 1), NULL);
	CHECK_STR(line_of("missing.py", 1), NULL);
	CHECK_STR(line_of("a.py/inside.zip.py", 1), NULL);
	CHECK_STR(line_of("", 1), NULL);
	CHECK_STR(line_of("<frozen os>", 1), NULL);
	REQUIRE(truncate(path_of("a.py"), (off_t)SOURCE_FILE_BYTES_MAX + 1) == 0);
	CHECK_STR(line_of("a.py", 1), NULL);
}

static void code_of_the_command_line_is_shown(void)
{
	struct source_place where = place();
	CHECK_STR(source_of(&where, "<string>", 1), NULL);
	where.code_text = "import os\nprint(os)";
	CHECK_STR(source_of(&where, "<string>", 2), "print(os)");
}

static void a_root_holds_absolute_names_and_links(void)
{
	struct source_place where = place();
	REQUIRE(mkdir(path_of("root"), 0700) == 0);
	REQUIRE(mkdir(path_of("root/app"), 0700) == 0);
	PUT("root/app/c.py", "inside\n");
	REQUIRE(symlink("/app/c.py", path_of("root/link.py")) == 0);
	char root[80];
	snprintf(root, sizeof(root), "%s/root", folder);
	where.root = root;
	where.directory = "/app";
	CHECK_STR(source_of(&where, "/app/c.py", 1), "inside");
	CHECK_STR(source_of(&where, "c.py", 1), "inside");
	CHECK_STR(source_of(&where, "../../../../app/c.py", 1), "inside");
	CHECK_STR(source_of(&where, "/link.py", 1), "inside");
}

static void files_are_listed_with_their_hash(void)
{
	static const char text[] = "first\nsecond\n";
	struct source_place where = place();
	struct builder builder;
	uint32_t frames[2];
	PUT("d.py", text);
	where.start_unix_ms = 1000;
	builder_init(&builder);
	uint32_t name = builder_text(&builder, "d.py");
	frames[0] = builder_frame(&builder, name, 0, 2, 0);
	frames[1] = builder_frame(&builder, name, 0, 1, 0);
	source_attach(&builder, &where, frames, 2);
	const struct profile *profile = builder.profile;
	CHECK_STR(profile_string(profile, profile->frames[0].source), "second");
	CHECK_STR(profile_string(profile, profile->frames[1].source), "first");
	CHECK_INT(profile->frames[0].flags, FRAME_SOURCE_CHANGED);
	CHECK_INT(profile->file_count, 1);
	CHECK_STR(profile_string(profile, profile->files[0].name), "d.py");
	CHECK_INT(profile->files[0].flags, FRAME_SOURCE_CHANGED);
	CHECK_INT(profile->files[0].size_bytes, sizeof(text) - 1);
	CHECK_INT(profile->files[0].hash, hash_bytes(text, sizeof(text) - 1));
	builder_done(&builder);
}

/* An editor writes a new file and moves it over the old one; an installer restores old times. */
static void replaced_files_are_flagged_whatever_their_time(void)
{
	struct source_place where = place();
	struct source_file file;
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	PUT("e.py", "new\n");
	REQUIRE(utimensat(AT_FDCWD, path_of("e.py"), old, 0) == 0);
	where.start_unix_ms = 2000000;
	REQUIRE(source_load(&where, "e.py", &file));
	CHECK(file.changed);
	free(file.text);
	where.start_unix_ms = in_an_hour_ms();
	REQUIRE(source_load(&where, "e.py", &file));
	CHECK(!file.changed);
	free(file.text);
}

static void remove_folder(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CHECK_INT(system(command), 0);
}

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/fil-source-XXXXXX");
	REQUIRE(mkdtemp(folder));
	RUN(lines_are_counted_as_python_does);
	RUN(byte_order_marks_are_no_text);
	RUN(long_lines_are_cut_between_characters);
	RUN(only_regular_files_are_read);
	RUN(code_of_the_command_line_is_shown);
	RUN(a_root_holds_absolute_names_and_links);
	RUN(files_are_listed_with_their_hash);
	RUN(replaced_files_are_flagged_whatever_their_time);
	remove_folder();
	return test_done();
}
