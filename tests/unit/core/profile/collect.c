// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/collect.h"

#include "core/report/report.h"
#include "tests/unit/core/profile/segment_file.h"
#include "tests/unit/test.h"

#include <errno.h>

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

static void check_module(const char *recorded, const char *expected)
{
	struct segment_file file = segment_file_new();
	uint32_t code = segment_file_native(&file, recorded, "", 0, NATIVE_RETURN);
	segment_file_entry(&file, segment_file_node(&file, 0, code, 0x1000), 1, 1);
	segment_file_flush(&file);
	struct profile *profile = collect(&file);
	REQUIRE(profile->module_count == 1);
	CHECK_STR(profile_string(profile, profile->modules[0].path), expected);
	profile_free(profile);
	close(file.fd);
}

static void modules_have_whole_paths(void)
{
	check_module("/usr/lib/libz.so.1", "/usr/lib/libz.so.1");
	check_module("./plugins/fast.so", "/nonexistent/plugins/fast.so");
	check_module("../fast.so", "/nonexistent/../fast.so");
	/* No file. */
	check_module("linux-vdso.so.1", "linux-vdso.so.1");
}

/* main calls load on a line, as a twin of its code does, and on the next one. */
static void codes_of_the_same_names_are_one_stack(void)
{
	struct segment_file file = segment_file_new();
	uint32_t main_code = segment_file_python(&file, "job.py", "main", 10);
	uint32_t load_code = segment_file_python(&file, "lib.py", "Loader.load", 100);
	uint32_t twin = segment_file_python(&file, "job.py", "main", 10);
	uint32_t a = segment_file_node(&file, 0, main_code, 12);
	uint32_t b = segment_file_node(&file, 0, main_code, 13);
	uint32_t c = segment_file_node(&file, 0, twin, 12);
	segment_file_entry(&file, segment_file_node(&file, a, load_code, 100), 1000, 1);
	segment_file_entry(&file, segment_file_node(&file, b, load_code, 101), 200, 2);
	segment_file_entry(&file, segment_file_node(&file, c, load_code, 100), 30, 3);
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
	uint32_t a = segment_file_entry(&file, segment_file_node(&file, 0, code, 1), 500, 2);
	uint32_t b = segment_file_entry(&file, segment_file_node(&file, 0, code, 2), 300, 1);
	segment_file_free(&file, a, 250);
	segment_file_free(&file, b, 300);
	segment_file_entry(&file, segment_file_node(&file, 0, code, 3), 40, 1);
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

/** A node of one frame below parent; the line is where function begins. */
static uint32_t frame_below(struct segment_file *file, uint32_t parent, const char *name,
			    const char *function)
{
	return segment_file_node(file, parent, segment_file_python(file, name, function, 1), 1);
}

/* python -m: what starts the program is no part of it, unless it allocates itself. */
static void leading_runpy_is_left_out(void)
{
	struct segment_file file = segment_file_new();
	uint32_t outer = frame_below(&file, 0, "<frozen runpy>", "_run_module_as_main");
	uint32_t inner = frame_below(&file, outer, "/usr/lib/python3.9/runpy.py", "_run_code");
	uint32_t module = frame_below(&file, inner, "m.py", "<module>");
	uint32_t again = frame_below(&file, module, "<frozen runpy>", "run_path");
	segment_file_entry(&file, inner, 100, 1);
	segment_file_entry(&file, module, 90, 1);
	segment_file_entry(&file, again, 80, 1);
	segment_file_entry(&file, frame_below(&file, 0, "/home/u/runpy.py", "<module>"), 70, 1);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "/usr/lib/python3.9/runpy.py:1 (_run_code) 100\n"
		  "m.py:1 (<module>) 90\n"
		  "m.py:1 (<module>);<frozen runpy>:1 (run_path) 80\n"
		  "/home/u/runpy.py:1 (<module>) 70\n");
	profile_free(profile);
	close(file.fd);
}

static void import_system_is_left_out(void)
{
	static const char first[] = "<frozen importlib._bootstrap>";
	static const char second[] = "<frozen importlib._bootstrap_external>";
	struct segment_file file = segment_file_new();
	uint32_t module = frame_below(&file, 0, "m.py", "<module>");
	uint32_t find = frame_below(&file, module, first, "_find_and_load");
	uint32_t load = frame_below(&file, find, second, "get_data");
	uint32_t imported = frame_below(&file, load, "n.py", "<module>");
	segment_file_entry(&file, load, 100, 1);
	segment_file_entry(&file, imported, 90, 1);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "m.py:1 (<module>);<frozen importlib._bootstrap_external>:1 (get_data) 100\n"
		  "m.py:1 (<module>);n.py:1 (<module>) 90\n");
	profile_free(profile);
	close(file.fd);
}

/** Stacks main > work > work > leaf, and main > other, of a scope that begins with work. */
static const char *of_scope(uint32_t flags)
{
	struct segment_file file = segment_file_new();
	file.header.flags = SEGMENT_ON_REQUEST;
	uint32_t outer = frame_below(&file, 0, "m.py", "main");
	uint32_t code = segment_file_python(&file, "m.py", "work", 1);
	uint32_t work = segment_file_node(&file, outer, code, 1);
	uint32_t again = segment_file_node(&file, work, code, 1);
	segment_file_entry(&file, frame_below(&file, again, "m.py", "leaf"), 100, 1);
	segment_file_entry(&file, work, 90, 1);
	segment_file_entry(&file, frame_below(&file, outer, "m.py", "other"), 80, 1);
	file.slot.scope = (struct scope){
		.state = SCOPE_CLOSED,
		.root_code = code,
		.flags = flags,
	};
	segment_file_flush(&file);
	struct profile *profile = collect(&file);
	const char *text = rendered(profile, report_write_folded, MEASURE_PEAK);
	profile_free(profile);
	close(file.fd);
	return text;
}

static void stacks_of_a_scope_begin_with_its_root(void)
{
	CHECK_STR(of_scope(0), "m.py:1 (work);m.py:1 (work);m.py:1 (leaf) 100\n"
			       "m.py:1 (work) 90\n"
			       "m.py:1 (main);m.py:1 (other) 80\n");
	/* What it has allocated itself is shown all the same. */
	CHECK_STR(of_scope(SCOPE_ROOT_HIDDEN), "m.py:1 (work);m.py:1 (leaf) 100\n"
					       "m.py:1 (work) 90\n"
					       "m.py:1 (main);m.py:1 (other) 80\n");
}

/** A run that is recorded as a whole, and a scope in it that has seen the second of two stacks. */
static struct segment_file with_scope_beside_run(void)
{
	struct segment_file file = segment_file_new();
	uint32_t outer = frame_below(&file, 0, "m.py", "main");
	uint32_t code = segment_file_python(&file, "m.py", "work", 1);
	uint32_t inner = segment_file_node(&file, outer, code, 1);
	segment_file_entry(&file, outer, 1000, 1);
	segment_file_entry(&file, inner, 90, 2);
	struct entry none = { 0 };
	struct entry part = {
		.live_bytes = 50, .live_blocks = 1, .total_bytes = 50, .total_blocks = 1,
	};
	segment_file_shared(&file, ARENA_SCOPE, &none, sizeof(none));
	segment_file_shared(&file, ARENA_SCOPE, &part, sizeof(part));
	file.header.scope_totals.live_bytes = 50;
	file.header.scope_totals.live_blocks = 1;
	file.slot.failed_count = 5;
	file.slot.missed[MISSED_LOCK] = 9;
	file.slot.scope = (struct scope){
		.state = SCOPE_CLOSED,
		.root_code = code,
		.failed_before = 3,
		.missed_before = { [MISSED_LOCK] = 7 },
	};
	segment_file_flush(&file);
	return file;
}

static void scope_beside_the_run_has_its_own_account(void)
{
	struct segment_file file = with_scope_beside_run();
	struct collect_request request = { .segment_fd = file.fd, .is_of_scope = true };
	struct profile *scope = profile_collect(&request);
	REQUIRE(scope);
	CHECK_STR(rendered(scope, report_write_folded, MEASURE_PEAK), "m.py:1 (work) 50\n");
	CHECK_INT(scope->peak_bytes, 50);
	CHECK_INT(scope->outcome.failed_count, 2);
	CHECK_INT(scope->processes[0].missed[MISSED_LOCK], 2);
	profile_free(scope);
	struct profile *run = collect(&file);
	CHECK_STR(rendered(run, report_write_folded, MEASURE_PEAK),
		  "m.py:1 (main) 1000\nm.py:1 (main);m.py:1 (work) 90\n");
	CHECK_INT(run->outcome.failed_count, 5);
	CHECK_INT(run->processes[0].missed[MISSED_LOCK], 9);
	profile_free(run);
	close(file.fd);
}

static void damaged_stacks_keep_their_bytes(void)
{
	struct segment_file file = segment_file_new();
	uint32_t code = segment_file_python(&file, "job.py", "main", 1);
	struct code odd = { .kind = 77 };
	struct code nameless = { .filename = 1 << 30, .kind = CODE_PYTHON, .first_line = -4 };
	uint32_t odd_code = segment_file_shared(&file, ARENA_CODE, &odd, sizeof(odd));
	uint32_t nameless_code =
		segment_file_shared(&file, ARENA_CODE, &nameless, sizeof(nameless));
	/* Two that are each other's parent: numbers are handed out in order from 1. */
	uint32_t cycle = segment_file_node(&file, 2, code, 1);
	CHECK_INT(cycle, 1);
	segment_file_node(&file, 1, code, 2);
	segment_file_entry(&file, cycle, 1000, 1);
	segment_file_entry(&file, segment_file_node(&file, 0, odd_code, 0), 200, 1);
	segment_file_entry(&file, segment_file_node(&file, 0, 4000000, 0), 50, 1);
	segment_file_entry(&file, 123456789, 30, 1);
	segment_file_entry(&file, segment_file_node(&file, 987654321, code, 3), 4, 1);
	segment_file_entry(&file, segment_file_node(&file, 0, nameless_code, 0), 2, 1);
	segment_file_entry(&file, 0, 1, 1);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "job.py:2 (main);job.py:1 (main) 1000\n"
		  "[damaged record] 281\n"
		  "job.py:3 (main) 4\n"
		  ":0 () 2\n");
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), profile->peak_bytes);
	profile_free(profile);
	close(file.fd);
}

/**
 * Write the intent of an operation on an entry as it is now, and take it as far as the entry
 * itself.
 */
static void interrupt(struct segment_file *file, enum intent_op op, uint32_t number, uint64_t bytes)
{
	struct intent *intent = &file->slot.intent;
	uint64_t at = extent_offset(0);
	uint32_t extent;
	struct entry entry;
	REQUIRE(pread(file->fd, &extent, 4, (off_t)arena_row_offset(ARENA_ENTRY)) == 4);
	at = extent_offset(extent) + number * sizeof(entry);
	REQUIRE(pread(file->fd, &entry, sizeof(entry), (off_t)at) == sizeof(entry));
	*intent = (struct intent){
		.op = op,
		.entry = number,
		.bytes = bytes,
		.entry_live_before = entry.live_bytes,
		.blocks_before = entry.live_blocks,
		.total_live_before = file->header.totals.live_bytes,
		.total_blocks_before = file->header.totals.live_blocks,
	};
	entry.live_bytes += op == INTENT_ADD ? bytes : -bytes;
	entry.live_blocks += op == INTENT_ADD ? 1 : -1;
	segment_file_write(file, at, &entry, sizeof(entry));
	segment_file_flush(file);
}

static void interrupted_operations_are_taken_back(void)
{
	for (enum intent_op op = INTENT_ADD; op <= INTENT_REMOVE; op++) {
		struct segment_file file = segment_file_new();
		uint32_t code = segment_file_python(&file, "job.py", "main", 1);
		uint32_t node = segment_file_node(&file, 0, code, 0);
		segment_file_entry(&file, segment_file_node(&file, 0, code, 2), 7, 1);
		uint32_t number = segment_file_entry(&file, node, 500, 2);
		interrupt(&file, op, number, 100);
		struct profile *profile = collect(&file);
		CHECK_INT(profile->repaired_operations, 1);
		CHECK_INT(profile->end_bytes, 507);
		CHECK_INT(profile->peak_bytes, 507);
		CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), 507);
		CHECK_INT(profile_sum_bytes(profile, MEASURE_END), 507);
		profile_free(profile);
		close(file.fd);
	}
}

/* An intent that fits nothing was written over: what the entry says stands. */
static void impossible_intents_are_ignored(void)
{
	struct segment_file file = segment_file_new();
	uint32_t code = segment_file_python(&file, "job.py", "main", 1);
	segment_file_entry(&file, segment_file_node(&file, 0, code, 0), 500, 2);
	for (uint32_t number = 0; number < 3; number++) {
		file.slot.intent = (struct intent){
			.op = INTENT_ADD, .entry = number, .entry_live_before = 1 << 20
		};
		segment_file_flush(&file);
		struct profile *profile = collect(&file);
		CHECK_INT(profile->end_bytes, 500);
		CHECK_INT(profile_sum_bytes(profile, MEASURE_END), 500);
		profile_free(profile);
	}
	close(file.fd);
}

/* Names and tables lie in the arena of texts one after the other, across its extents. */
static void texts_may_span_extents(void)
{
	struct segment_file file = segment_file_new();
	static char name[300 << 10];
	memset(name, 'n', sizeof(name) - 1);
	for (uint32_t i = 0; i < 3; i++) {
		name[0] = (char)('a' + i);
		struct code code = {
			.filename = segment_file_text(&file, name),
			.qualname = segment_file_text(&file, name + sizeof(name) - 3),
			.kind = CODE_PYTHON,
			.first_line = 5,
		};
		uint32_t number = segment_file_shared(&file, ARENA_CODE, &code, sizeof(code));
		segment_file_entry(&file, segment_file_node(&file, 0, number, 0), 10, 1);
	}
	struct profile *profile = collect(&file);
	CHECK_INT(profile->frame_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct profile_frame *frame = &profile->frames[i];
		CHECK_INT(strlen(profile_string(profile, frame->file)), 4096);
		CHECK_INT(profile_string(profile, frame->file)[0], 'a' + (int)i);
		CHECK_STR(profile_string(profile, frame->function), "nn");
	}
	profile_free(profile);
	close(file.fd);
}

static void what_is_no_segment_is_refused(void)
{
	struct segment_file file = segment_file_new();
	struct collect_request request = request_for(&file);
	file.header.magic++;
	segment_file_flush(&file);
	errno = 0;
	CHECK(!profile_collect(&request));
	CHECK_INT(errno, EPROTO);
	file.header.magic--;
	file.header.version++;
	segment_file_flush(&file);
	CHECK(!profile_collect(&request));
	CHECK_INT(errno, EPROTO);
	REQUIRE(ftruncate(file.fd, 4096) == 0);
	CHECK(!profile_collect(&request));
	CHECK_INT(errno, EPROTO);
	close(file.fd);
	CHECK(!profile_collect(&request));
	CHECK_INT(errno, EBADF);
}

/* The supervisor may not have seen the breach, or another one; its stack is in the slot. */
static void the_stack_of_a_breach_is_found(void)
{
	struct segment_file file = segment_file_new();
	uint32_t code = segment_file_python(&file, "job.py", "grow", 20);
	file.slot.breach_node = segment_file_node(&file, 0, code, 21);
	file.slot.breach = (struct breach){
		.metric = CEILING_RESIDENT,
		.trigger = BREACH_FREE,
		.tid = 12,
		.limit_bytes = 1000,
		.charge_bytes = 1001,
	};
	segment_file_flush(&file);
	struct profile *profile = collect(&file);
	REQUIRE(profile->breach_node != 0);
	const struct profile_frame *frame =
		&profile->frames[profile->nodes[profile->breach_node].frame];
	CHECK_STR(profile_string(profile, frame->function), "grow");
	CHECK_INT(frame->line, 21);
	CHECK_INT(profile->outcome.breach.trigger, BREACH_FREE);
	CHECK_INT(profile->outcome.breach.charge_bytes, 1001);
	profile_free(profile);
	struct collect_request request = request_for(&file);
	request.outcome.breach = (struct breach){ .trigger = BREACH_POLL, .tid = 13 };
	profile = profile_collect(&request);
	REQUIRE(profile);
	CHECK_INT(profile->outcome.breach.trigger, BREACH_POLL);
	CHECK_INT(profile->breach_node, 0);
	profile_free(profile);
	close(file.fd);
}

/* A line allocates a block and has a library map something: one stack, of which part is mapped. */
static void mappings_are_counted_by_who_asked(void)
{
	struct segment_file file = segment_file_new();
	uint32_t line =
		segment_file_node(&file, 0, segment_file_python(&file, "job.py", "main", 1), 5);
	uint32_t other =
		segment_file_node(&file, 0, segment_file_python(&file, "job.py", "main", 1), 6);
	uint32_t mapper = segment_file_mapper(&file, "/usr/lib/libmap.so", "abcd");
	segment_file_entry(&file, line, 100, 1);
	segment_file_entry(&file, segment_file_node(&file, line, mapper, 0), 4096, 1);
	segment_file_entry(&file, segment_file_node(&file, other, mapper, 0), 8192, 2);
	struct profile *profile = collect(&file);
	CHECK_STR(rendered(profile, report_write_folded, MEASURE_PEAK),
		  "job.py:6 (main) 8192\n"
		  "job.py:5 (main) 4196\n");
	CHECK_INT(profile->peak_bytes, 12388);
	REQUIRE(profile->module_count == 1);
	CHECK_STR(profile_module_name(profile, 0), "libmap.so");
	CHECK_STR(profile_string(profile, profile->modules[0].build_id), "abcd");
	CHECK_INT(profile->modules[0].mapped_peak_bytes, 12288);
	CHECK_INT(profile->modules[0].mapped_end_bytes, 12288);
	CHECK_INT(profile->modules[0].allocators, 0);
	profile_free(profile);
	close(file.fd);
}

static void a_mapper_is_the_module_of_its_frames_however_it_was_found(void)
{
	struct segment_file file = segment_file_new();
	uint32_t line =
		segment_file_node(&file, 0, segment_file_python(&file, "job.py", "main", 1), 5);
	uint32_t code = segment_file_native(&file, "./libmap.so", "abcd", 0, NATIVE_RETURN);
	uint32_t mapper = segment_file_mapper(&file, "./libmap.so", "abcd");
	segment_file_entry(&file, segment_file_node(&file, line, code, 0x1234), 100, 1);
	segment_file_entry(&file, segment_file_node(&file, line, mapper, 0), 4096, 1);
	struct profile *profile = collect(&file);
	REQUIRE(profile->module_count == 1);
	CHECK_STR(profile_string(profile, profile->modules[0].path), "/nonexistent/libmap.so");
	CHECK_INT(profile->modules[0].mapped_peak_bytes, 4096);
	profile_free(profile);
	close(file.fd);
}

/* A sparse mapping of which the workload has seen one page and the supervisor three. */
static struct profile *collect_sparse(bool is_wanted, struct sparse_mapping seen, uint32_t entry)
{
	struct segment_file file = segment_file_new();
	uint32_t line =
		segment_file_node(&file, 0, segment_file_python(&file, "job.py", "main", 1), 5);
	uint32_t number = segment_file_entry(&file, line, 4096, 1);
	file.slot.sparse[3] = (struct sparse_mapping){
		.start = 1 << 20, .end = 2 << 20, .touched_bytes = 4096, .entry = number
	};
	file.header.totals.look_wanted = is_wanted;
	segment_file_flush(&file);
	struct collect_request request = request_for(&file);
	seen.entry = entry ? entry : number;
	request.touched = &seen;
	request.touched_count = 1;
	struct profile *profile = profile_collect(&request);
	REQUIRE(profile);
	close(file.fd);
	return profile;
}

static void pages_that_were_seen_from_outside_count(void)
{
	struct sparse_mapping seen = { .start = 1 << 20, .end = 2 << 20, .touched_bytes = 12288 };
	struct profile *profile = collect_sparse(true, seen, 0);
	CHECK_INT(profile->peak_bytes, 12288);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), 12288);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_END), 12288);
	CHECK_INT(profile->end_bytes, 12288);
	profile_free(profile);
}

static void what_the_workload_has_seen_since_counts_more(void)
{
	struct sparse_mapping seen = { .start = 1 << 20, .end = 2 << 20, .touched_bytes = 12288 };
	struct profile *profile = collect_sparse(false, seen, 0);
	CHECK_INT(profile->peak_bytes, 4096);
	profile_free(profile);
	/* Another mapping, by its entry or its place; and one of which pages have gone. */
	profile = collect_sparse(true, seen, 99);
	CHECK_INT(profile->peak_bytes, 4096);
	profile_free(profile);
	seen.end++;
	profile = collect_sparse(true, seen, 0);
	CHECK_INT(profile->peak_bytes, 4096);
	profile_free(profile);
	seen.end--;
	seen.touched_bytes = 0;
	profile = collect_sparse(true, seen, 0);
	CHECK_INT(profile->peak_bytes, 4096);
	profile_free(profile);
}

static void an_empty_segment_is_an_empty_profile(void)
{
	struct segment_file file = segment_file_new();
	struct profile *profile = collect(&file);
	CHECK_INT(profile->entry_count, 0);
	CHECK_INT(profile->node_count, 1);
	CHECK_INT(profile->peak_bytes, 0);
	CHECK(strstr(rendered(profile, report_write_text, MEASURE_PEAK),
		     "by call stack: nothing\n"));
	profile_free(profile);
	close(file.fd);
}

int main(void)
{
	RUN(codes_of_the_same_names_are_one_stack);
	RUN(peak_is_what_was_held_then);
	RUN(leading_runpy_is_left_out);
	RUN(import_system_is_left_out);
	RUN(stacks_of_a_scope_begin_with_its_root);
	RUN(scope_beside_the_run_has_its_own_account);
	RUN(damaged_stacks_keep_their_bytes);
	RUN(interrupted_operations_are_taken_back);
	RUN(impossible_intents_are_ignored);
	RUN(texts_may_span_extents);
	RUN(what_is_no_segment_is_refused);
	RUN(the_stack_of_a_breach_is_found);
	RUN(mappings_are_counted_by_who_asked);
	RUN(a_mapper_is_the_module_of_its_frames_however_it_was_found);
	RUN(pages_that_were_seen_from_outside_count);
	RUN(what_the_workload_has_seen_since_counts_more);
	RUN(an_empty_segment_is_an_empty_profile);
	RUN(modules_have_whole_paths);
	return test_done();
}
