// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Names for machine code, which is this program's own: it is compiled with debug information. */
#include "core/profile/names.h"

#include "core/base/recording.h"
#include "core/base/symbols.h"
#include "core/profile/builder.h"
#include "core/profile/collect.h"
#include "core/report/report.h"
#include "core/symbols/object.h"
#include "tests/unit/core/profile/segment_file.h"
#include "tests/unit/test.h"

#include <limits.h>
#include <link.h>
#include <time.h>
#include <zlib.h>

static char program[PATH_MAX];
static char build_id[2 * BUILD_ID_BYTES_MAX + 1];
static uintptr_t base;

/** Where the two calls below return to, and their lines. */
static uintptr_t inner_return, outer_return;

static __attribute__((noinline)) void landmark(void)
{
	inner_return = (uintptr_t)__builtin_return_address(0);
}

static const uint32_t inner_line = __LINE__ + 3;
static inline __attribute__((always_inline)) void inlined(void)
{
	landmark();
	__asm__ volatile("");
}

static const uint32_t inlined_line = __LINE__ + 4;
static __attribute__((noinline)) void outer(void)
{
	outer_return = (uintptr_t)__builtin_return_address(0);
	inlined();
	__asm__ volatile("");
}

static int find_base(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	base = info->dlpi_addr;
	return 1;
}

static uint32_t native_node(struct segment_file *file, uint32_t parent, const char *path,
			    const char *id, uint64_t address, enum native_address kind)
{
	uint32_t code = segment_file_native(file, path, id, (uint32_t)(address >> 32), kind);
	return segment_file_node(file, parent, code, (uint32_t)address);
}

static struct profile *collected(const struct segment_file *file)
{
	struct collect_request request = {
		.segment_fd = file->fd,
		.outcome = {
			.verdict = VERDICT_EXITED,
			.start_unix_ms = (int64_t)time(NULL) * 1000,
		},
		.command = "./server",
		.directory = "/",
		.root = "",
	};
	struct profile *profile = profile_collect(&request);
	REQUIRE(profile);
	return profile;
}

static struct profile *named(struct profile *profile, const char *folder,
			     struct names_count *ret_count)
{
	struct names_request request = {
		.root = "", .folders = &folder, .folder_count = folder ? 1 : 0, .with_source = true
	};
	profile = names_find(profile, &request, ret_count);
	REQUIRE(profile);
	return profile;
}

static const char *text_of(const struct profile *profile, const char *format)
{
	static char text[1 << 18];
	struct report_options options = { .of = MEASURE_PEAK, .with_source = true };
	memset(text, 0, sizeof(text));
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out && report_find_format(format)->write(out, profile, &options) == 0);
	fclose(out);
	return text;
}

/** A profile for pprof, unpacked: true if it has these bytes in it. */
static bool pprof_has(const struct profile *profile, const void *bytes, size_t len)
{
	static unsigned char unpacked[1 << 18];
	struct report_options options = { .of = MEASURE_PEAK };
	char *packed = NULL;
	size_t packed_len;
	FILE *out = open_memstream(&packed, &packed_len);
	REQUIRE(out && report_write_pprof(out, profile, &options) == 0);
	fclose(out);
	z_stream stream = {
		.next_in = (unsigned char *)packed,
		.avail_in = (unsigned)packed_len,
		.next_out = unpacked,
		.avail_out = sizeof(unpacked),
	};
	REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
	CHECK_INT(inflate(&stream, Z_FINISH), Z_STREAM_END);
	inflateEnd(&stream);
	free(packed);
	return memmem(unpacked, stream.total_out, bytes, len);
}

/** Frame number depth of the stack of an entry, outermost first. */
static const struct profile_frame *frame_at(const struct profile *profile, uint32_t entry,
					    uint32_t depth)
{
	uint32_t path[64], count = 0;
	for (uint32_t at = profile->entries[entry].node; at && count < 64;
	     at = profile->nodes[at].parent) {
		path[count++] = at;
	}
	REQUIRE(depth < count);
	return &profile->frames[profile->nodes[path[count - 1 - depth]].frame];
}

static void check_frame(const struct profile *profile, const struct profile_frame *frame,
			const char *function, uint32_t line, uint32_t flags)
{
	CHECK_STR(profile_string(profile, frame->function), function);
	CHECK_INT(frame->line, line);
	CHECK_INT(frame->flags, flags);
	CHECK_STR(profile_module_name(profile, frame->module - 1), "names");
}

/** A stack of main, which called outer, in which landmark was called from an inlined function. */
static struct segment_file own_segment(const char *id)
{
	struct segment_file file = segment_file_new();
	uint32_t node = native_node(&file, 0, program, id, outer_return - base, NATIVE_RETURN);
	node = native_node(&file, node, program, id, inner_return - base, NATIVE_RETURN);
	segment_file_entry(&file, node, 1000, 1);
	return file;
}

static void an_inlined_function_is_a_frame_of_its_own(void)
{
	struct segment_file file = own_segment(build_id);
	struct names_count count;
	struct profile *profile = collected(&file);
	CHECK_INT(profile->module_count, 1);
	CHECK_INT(frame_at(profile, 0, 1)->flags, FRAME_NATIVE | FRAME_LABEL);
	profile = named(profile, NULL, &count);
	CHECK_INT(count.asked, 2);
	CHECK_INT(count.named, 2);
	CHECK_INT(profile->modules[0].state, SYMBOLS_FULL);
	CHECK_INT(profile->node_count, 4);
	CHECK_STR(profile_string(profile, frame_at(profile, 0, 0)->function), "main");
	check_frame(profile, frame_at(profile, 0, 1), "outer", inlined_line, FRAME_NATIVE);
	check_frame(profile, frame_at(profile, 0, 2), "inlined", inner_line,
		    FRAME_NATIVE | FRAME_INLINED);
	CHECK_INT(frame_at(profile, 0, 2)->address, inner_return - base - 1);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), 1000);
	/* Its source is quoted, if the test runs where it was compiled. */
	if (access(__FILE__, R_OK) == 0) {
		CHECK(strstr(text_of(profile, "text"), "      landmark();\n"));
	}
	profile_free(profile);
	close(file.fd);
}

static void every_format_shows_what_has_no_name(void)
{
	struct segment_file file = segment_file_new();
	uint32_t node = native_node(&file, 0, "/opt/x/libx.so.1", "", 0x1235, NATIVE_RETURN);
	node = native_node(&file, node, "/opt/x/libx.so.1", "", 0x500000010, NATIVE_INTERRUPTED);
	/* Location 1 of pprof: its number, that of its mapping, 0x1234. */
	static const char location[] = { 1 << 3, 1, 2 << 3, 1, 3 << 3, 0x34 | 0x80, 0x24 };
	segment_file_entry(&file, node, 1000, 1);
	struct names_count count;
	struct profile *profile = named(collected(&file), NULL, &count);
	CHECK_INT(count.asked, 2);
	CHECK_INT(count.named, 0);
	CHECK_STR(text_of(profile, "folded"), "libx.so.1+0x1234;libx.so.1+0x500000010 1000\n");
	CHECK(strstr(text_of(profile, "text"),
		     "\n    libx.so.1+0x1234\n    libx.so.1+0x500000010\n"));
	CHECK(strstr(text_of(profile, "text"),
		     "note        2 frames of libx.so.1 have no line, 2 of them no name: "
		     "no such file is"));
	CHECK(pprof_has(profile, location, sizeof(location)));
	CHECK(pprof_has(profile, "/opt/x/libx.so.1", 16));
	CHECK(strstr(text_of(profile, "speedscope"), "{\"name\":\"libx.so.1+0x1234\"}"));
	CHECK(strstr(text_of(profile, "svg"), ">libx.so.1+0x1234<"));
	CHECK(strstr(text_of(profile, "html"), "\"libx.so.1+0x1234\""));
	profile_free(profile);
	close(file.fd);
}

/** On the machine with the debug files: the same folder, or a copy by another name. */
static void names_are_found_later_and_elsewhere(void)
{
	char folder[] = "/tmp/fil-unit-names-XXXXXX", command[2 * PATH_MAX];
	struct names_count count;
	struct segment_file file = own_segment(build_id);
	struct profile *profile = collected(&file);
	/* As it is read from a capture where the program is not. */
	uint32_t offset = profile->modules[0].path;
	memcpy(profile->strings + offset, "/gone", 5);
	profile = named(profile, NULL, &count);
	CHECK_INT(count.named, 0);
	CHECK_INT(profile->modules[0].state, SYMBOLS_NO_FILE);
	REQUIRE(mkdtemp(folder));
	snprintf(command, sizeof(command), "cp %s %s/names", program, folder);
	REQUIRE(system(command) == 0);
	profile = named(profile, folder, &count);
	CHECK_INT(count.named, 2);
	CHECK_INT(profile->modules[0].state, SYMBOLS_FULL);
	check_frame(profile, frame_at(profile, 0, 2), "inlined", inner_line,
		    FRAME_NATIVE | FRAME_INLINED);
	/* What has names is not asked for again. */
	profile = named(profile, folder, &count);
	CHECK_INT(count.asked, 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	profile_free(profile);
	close(file.fd);
}

static void a_file_of_another_build_gives_no_names(void)
{
	struct segment_file file = own_segment("00112233445566778899aabbccddeeff");
	struct names_count count;
	struct profile *profile = named(collected(&file), NULL, &count);
	CHECK_INT(count.asked, 2);
	CHECK_INT(count.named, 0);
	CHECK_INT(profile->modules[0].state, SYMBOLS_OTHER_FILE);
	CHECK(strstr(text_of(profile, "text"), "another build is in its place"));
	profile_free(profile);
	close(file.fd);
}

static void python_frames_stay_as_they_are(void)
{
	struct segment_file file = segment_file_new();
	uint32_t python = segment_file_python(&file, "job.py", "load", 10);
	uint32_t node = segment_file_node(&file, 0, python, 4);
	segment_file_entry(&file, node, 500, 1);
	node = native_node(&file, node, program, build_id, inner_return - base, NATIVE_RETURN);
	segment_file_entry(&file, node, 1000, 1);
	segment_file_thread(&file, 7, node);
	struct names_count count;
	struct profile *profile = named(collected(&file), NULL, &count);
	CHECK_INT(profile->entry_count, 2);
	CHECK_STR(profile_string(profile, frame_at(profile, 1, 0)->file), "job.py");
	CHECK_STR(profile_string(profile, frame_at(profile, 1, 2)->function), "inlined");
	CHECK_INT(profile->threads[0].node, profile->entries[1].node);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), profile->peak_bytes);
	profile_free(profile);
	close(file.fd);
}

static void no_machine_code_is_no_work(void)
{
	struct segment_file file = segment_file_new();
	uint32_t python = segment_file_python(&file, "job.py", "load", 10);
	segment_file_entry(&file, segment_file_node(&file, 0, python, 4), 500, 1);
	struct names_count count;
	struct profile *before = collected(&file);
	struct profile *profile = named(before, "/", &count);
	CHECK(profile == before);
	CHECK_INT(count.asked, 0);
	profile_free(profile);
	close(file.fd);
}

/** Below main there is the C library's start, in every stack. */
static void the_start_of_a_program_is_left_out(void)
{
	struct builder builder;
	struct names_count count;
	builder_init(&builder);
	uint32_t module = builder_module(&builder, builder_text(&builder, "/gone/x"), 0);
	struct profile_frame start = {
		.file = builder_text(&builder, "x"),
		.function = builder_text(&builder, "_start"),
		.flags = FRAME_NATIVE,
		.module = module + 1,
	};
	uint32_t libc = builder_module(&builder, builder_text(&builder, "/gone/libc.so.6"), 0);
	uint32_t below = builder_node(&builder, 0, builder_whole_frame(&builder, &start));
	below = builder_node(&builder, below, builder_unnamed(&builder, libc, 0x27249));
	uint32_t node = builder_node(&builder, below, builder_unnamed(&builder, module, 16));
	struct profile_entry entry = { .node = node, .peak_bytes = 100, .peak_blocks = 1 };
	builder_entry(&builder, &entry);
	entry.node = below;
	builder_entry(&builder, &entry);
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	profile = named(profile, NULL, &count);
	CHECK_STR(text_of(profile, "folded"), "x+0x10 100\nlibc.so.6+0x27249 100\n");
	profile_free(profile);
}

/** musl has no unwind tables: what called main is not known, nor what called from inside it. */
static void a_libc_that_ends_stacks_is_left_out_before_main_only(void)
{
	static const char musl[] = "/lib/ld-musl-x86_64.so.1";
	struct segment_file file = segment_file_new();
	uint32_t label = segment_file_label(&file, LABEL_NO_TABLE);
	uint32_t ended = segment_file_node(&file, 0, label, 0);
	uint32_t libc = native_node(&file, ended, musl, "", 0x1000, NATIVE_RETURN);
	uint32_t in_main =
		native_node(&file, libc, program, build_id, outer_return - base, NATIVE_RETURN);
	segment_file_entry(&file, in_main, 1000, 1);
	segment_file_entry(&file, libc, 200, 1);
	struct names_count count;
	struct profile *profile = named(collected(&file), NULL, &count);
	CHECK_STR(profile_string(profile, frame_at(profile, 0, 0)->function), "main");
	CHECK_STR(profile_string(profile, frame_at(profile, 1, 0)->function), LABEL_NO_TABLE);
	CHECK_STR(profile_string(profile, frame_at(profile, 1, 1)->function),
		  "ld-musl-x86_64.so.1+0xfff");
	profile_free(profile);
	close(file.fd);
}

int main(void)
{
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	REQUIRE(len > 0);
	struct object *object = object_open(program);
	REQUIRE(object);
	memcpy(build_id, object->build_id, sizeof(build_id));
	object_close(object);
	dl_iterate_phdr(find_base, NULL);
	outer();
	RUN(an_inlined_function_is_a_frame_of_its_own);
	RUN(every_format_shows_what_has_no_name);
	RUN(names_are_found_later_and_elsewhere);
	RUN(a_file_of_another_build_gives_no_names);
	RUN(python_frames_stay_as_they_are);
	RUN(no_machine_code_is_no_work);
	RUN(the_start_of_a_program_is_left_out);
	RUN(a_libc_that_ends_stacks_is_left_out_before_main_only);
	return test_done();
}
