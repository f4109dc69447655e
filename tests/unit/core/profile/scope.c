// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/scope.h"

#include "core/profile/source.h"
#include "tests/unit/core/profile/segment_file.h"
#include "tests/unit/test.h"

static struct scope_info info_of(struct segment_file *file, const char *folder)
{
	struct scope_info info = { 0 };
	file->slot.scope.folder = folder ? segment_file_text(file, folder) : 0;
	segment_file_flush(file);
	CHECK_INT(scope_read(file->fd, &info), 0);
	return info;
}

static void tells_what_the_workload_is_in_the_middle_of(void)
{
	struct segment_file file = segment_file_new();
	struct scope_info info = info_of(&file, NULL);
	CHECK(!info.is_open && !info.is_report_due && !info.folder);
	file.slot.scope = (struct scope){ .state = SCOPE_OPEN, .start_unix_ms = 77 };
	info = info_of(&file, "/tmp/report");
	CHECK(info.is_open && !info.is_report_due);
	CHECK_INT(info.start_unix_ms, 77);
	CHECK_STR(info.folder, "/tmp/report");
	free(info.folder);
	file.slot.scope.state = SCOPE_CLOSED;
	file.slot.scope.reports_wanted = 1;
	info = info_of(&file, NULL);
	CHECK(!info.is_open && info.is_report_due && !info.folder);
	close(file.fd);
}

static void what_cannot_be_a_folder_is_none(void)
{
	static char longest[8000];
	struct segment_file file = segment_file_new();
	file.slot.scope.state = SCOPE_OPEN;
	CHECK(!info_of(&file, "relative").folder);
	memset(longest, '/', sizeof(longest) - 1);
	CHECK(!info_of(&file, longest).folder);
	file.slot.scope.folder = 1u << 30;
	segment_file_flush(&file);
	struct scope_info info;
	CHECK_INT(scope_read(file.fd, &info), 0);
	CHECK(!info.folder);
	close(file.fd);
}

static void add_source(struct segment_file *file, const char *name, const char *shown,
		       const char *text)
{
	struct code code = {
		.kind = CODE_SOURCE,
		.filename = segment_file_text(file, name),
		.qualname = shown ? segment_file_text(file, shown) : 0,
		.text = segment_file_text(file, text),
	};
	segment_file_shared(file, ARENA_CODE, &code, sizeof(code));
}

static void the_newest_source_of_a_name_is_found(void)
{
	struct segment_file file = segment_file_new();
	struct segment_reader reader;
	struct arena_copy codes, texts;
	struct scope_sources sources;
	size_t len;
	add_source(&file, "<cell 1>", NULL, "first");
	add_source(&file, "/tmp/2.py", "<cell 2>", "second");
	add_source(&file, "<cell 1>", NULL, "third");
	segment_file_python(&file, "job.py", "main", 1);
	REQUIRE(reader_open(&reader, file.fd) == 0);
	REQUIRE(reader_copy_shared(&reader, ARENA_CODE, &codes) == 0);
	REQUIRE(reader_copy_shared(&reader, ARENA_TEXT, &texts) == 0);
	REQUIRE(scope_sources_init(&sources, &codes, &texts) == 0);
	CHECK_INT(sources.count, 3);
	char *text = scope_source(&sources, "<cell 1>", &len);
	CHECK_STR(text, "third");
	CHECK_INT(len, 5);
	free(text);
	CHECK(!scope_source(&sources, "job.py", &len));
	CHECK(!scope_source(&sources, "/tmp/2.py", &len));
	const struct code *second = arena_element(&codes, 2);
	CHECK_INT(scope_shown_name(&sources, second->filename), second->qualname);
	CHECK_INT(scope_shown_name(&sources, second->filename + 1000), second->filename + 1000);
	/* It comes before whatever else has that name. */
	struct source_place place = {
		.root = "",
		.directory = "/",
		.sources = &sources,
	};
	struct source_file found;
	REQUIRE(source_load(&place, "<cell 2>", &found));
	CHECK_STR(found.text, "second");
	free(found.text);
	CHECK(!source_load(&place, "<cell 3>", &found));
	scope_sources_done(&sources);
	arena_done(&codes);
	arena_done(&texts);
	close(file.fd);
}

int main(void)
{
	RUN(tells_what_the_workload_is_in_the_middle_of);
	RUN(what_cannot_be_a_folder_is_none);
	RUN(the_newest_source_of_a_name_is_found);
	return test_done();
}
