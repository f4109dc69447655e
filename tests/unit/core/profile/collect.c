// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/collect.h"

#include "core/report/report.h"
#include "tests/unit/core/profile/segment_file.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static struct collect_request request_for(const struct segment_file *file)
{
	return (struct collect_request){
		.segment_fd = file->fd,
		.outcome = {
			.verdict = VERDICT_EXITED,
			.start_unix_ms = 1700000000000,
			.duration_ms = 1500,
		},
		.command = "python3 job.py",
		.directory = "/nonexistent",
		.root = "",
	};
}

static struct profile *collect(const struct segment_file *file)
{
	struct collect_request request = request_for(file);
	struct profile *profile = profile_collect(&request);
	REQUIRE(profile);
	return profile;
}

static const char *rendered(const struct profile *profile,
			    int (*write)(FILE *, const struct profile *,
					 const struct report_options *),
			    enum measure of)
{
	static char text[1 << 20];
	struct report_options options = { .of = of, .with_source = true };
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	REQUIRE(write(out, profile, &options) == 0);
	fclose(out);
	return text;
}

/* main calls load at two instructions of the same line, and at one of the next line. */
static void instructions_of_a_line_are_one_stack(void)
{
	struct segment_file file = segment_file_new();
	uint32_t main_code = segment_file_python(&file, "job.py", "main", 10);
	uint32_t load_code = segment_file_python(&file, "lib.py", "Loader.load", 100);
	uint32_t twin = segment_file_python(&file, "job.py", "main", 10);
	uint32_t a = segment_file_node(&file, 0, main_code, 4);
	uint32_t b = segment_file_node(&file, 0, main_code, 6);
	uint32_t c = segment_file_node(&file, 0, twin, 4);
	segment_file_entry(&file, segment_file_node(&file, a, load_code, 0), 1000, 1);
	segment_file_entry(&file, segment_file_node(&file, b, load_code, 2), 200, 2);
	segment_file_entry(&file, segment_file_node(&file, c, load_code, 0), 30, 3);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "job.py:12 (main);lib.py:100 (Loader.load) 1030\n"
		  "job.py:13 (main);lib.py:101 (Loader.load) 200\n");
	CHECK_INT(profile->entry_count, 2);
	CHECK_INT(profile->node_count, 5);
	CHECK_INT(profile->peak_bytes, 1230);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), 1230);
	CHECK_INT(profile->total_blocks, 6);
	CHECK_INT(profile->process_count, 1);
	CHECK(profile->segment_bytes > 0 && profile->segment_bytes < 8 << 20);
	profile_free(profile);
	close(file.fd);
}

static void peak_is_what_was_held_then(void)
{
	struct segment_file file = segment_file_new();
	uint32_t code = segment_file_python(&file, "job.py", "main", 1);
	uint32_t a = segment_file_entry(&file, segment_file_node(&file, 0, code, 0), 500, 2);
	uint32_t b = segment_file_entry(&file, segment_file_node(&file, 0, code, 2), 300, 1);
	segment_file_free(&file, a, 250);
	segment_file_free(&file, b, 300);
	segment_file_entry(&file, segment_file_node(&file, 0, code, 4), 40, 1);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "job.py:1 (main) 500\njob.py:2 (main) 300\n");
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_END),
		  "job.py:1 (main) 250\njob.py:3 (main) 40\n");
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_TOTAL),
		  "job.py:1 (main) 500\njob.py:2 (main) 300\njob.py:3 (main) 40\n");
	profile_free(profile);
	close(file.fd);
}

int main(void)
{
	RUN(instructions_of_a_line_are_one_stack);
	RUN(peak_is_what_was_held_then);
	return test_done();
}
