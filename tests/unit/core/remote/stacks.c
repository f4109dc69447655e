// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What a child has sent, and what a broken one may send. */
#include "core/remote/stacks.h"

#include "tests/unit/test.h"

static void add_thread(struct remote_stacks *stacks, uint32_t tid, bool is_in_call, uint32_t first,
		       uint32_t count)
{
	struct remote_thread thread = { tid, is_in_call, first, count };
	buffer_append(&stacks->threads, &thread, sizeof(thread));
}

static struct remote_stacks sample(void)
{
	struct remote_stacks stacks = { 0 };
	struct remote_frame frames[] = {
		{ .kind = REMOTE_PYTHON, .file = 0, .function = 7, .line = 12 },
		{ .kind = REMOTE_NATIVE, .file = 12, .function = 5, .address = 0x1234 },
	};
	buffer_append(&stacks.frames, frames, sizeof(frames));
	buffer_append(&stacks.texts, "job.py\0main\0/lib/c.so", 22);
	add_thread(&stacks, 100, false, 0, 2);
	add_thread(&stacks, 101, true, 2, 0);
	return stacks;
}

static void what_was_packed_comes_out(void)
{
	struct remote_stacks stacks = sample();
	struct remote_stacks copy;
	struct buffer packed = { 0 };
	remote_stacks_pack(&stacks, &packed);
	REQUIRE(remote_stacks_unpack(packed.data, packed.len, &copy));
	CHECK_INT(remote_thread_count(&copy), 2);
	CHECK_INT(remote_thread_at(&copy, 0)->tid, 100);
	CHECK_INT(remote_frame_at(&copy, 1)->address, 0x1234);
	CHECK_STR(remote_text(&copy, remote_frame_at(&copy, 0)->function), "main");
	CHECK_STR(remote_text(&copy, remote_frame_at(&copy, 1)->file), "/lib/c.so");
	CHECK_STR(remote_text(&copy, 22), "");
	remote_stacks_done(&copy);
	remote_stacks_done(&stacks);
	buffer_done(&packed);
}

static void a_part_is_none(void)
{
	struct remote_stacks stacks = sample();
	struct remote_stacks copy;
	struct buffer packed = { 0 };
	remote_stacks_pack(&stacks, &packed);
	for (size_t len = 0; len < packed.len; len++) {
		CHECK(!remote_stacks_unpack(packed.data, len, &copy));
	}
	CHECK(!remote_stacks_unpack(NULL, 0, &copy));
	remote_stacks_done(&stacks);
	buffer_done(&packed);
}

/** Pack what is wrong somewhere, and see it refused. */
static void check_refused(struct remote_stacks *stacks)
{
	struct remote_stacks copy;
	struct buffer packed = { 0 };
	remote_stacks_pack(stacks, &packed);
	CHECK(!remote_stacks_unpack(packed.data, packed.len, &copy));
	CHECK_INT(copy.threads.len, 0);
	remote_stacks_done(stacks);
	buffer_done(&packed);
}

static void frames_must_exist_and_texts_end(void)
{
	struct remote_stacks stacks = sample();
	add_thread(&stacks, 102, false, 1, 2);
	check_refused(&stacks);
	stacks = sample();
	add_thread(&stacks, 102, false, UINT32_MAX, 1);
	check_refused(&stacks);
	stacks = sample();
	add_thread(&stacks, 102, false, 1, UINT32_MAX);
	check_refused(&stacks);
	stacks = sample();
	buffer_append(&stacks.texts, "endless", 7);
	check_refused(&stacks);
}

static void sizes_that_overflow_are_refused(void)
{
	uint64_t sizes[4] = { UINT64_MAX, 2, 7, 0 };
	struct remote_stacks copy;
	CHECK(!remote_stacks_unpack((const char *)sizes, sizeof(sizes), &copy));
}

static void one_that_computes_among_those_that_wait_is_the_busy_one(void)
{
	struct remote_stacks stacks = { 0 };
	CHECK_INT(remote_busy_thread(&stacks), 0);
	add_thread(&stacks, 100, true, 0, 0);
	CHECK_INT(remote_busy_thread(&stacks), 100);
	add_thread(&stacks, 101, true, 0, 0);
	CHECK_INT(remote_busy_thread(&stacks), 0);
	add_thread(&stacks, 102, false, 0, 0);
	CHECK_INT(remote_busy_thread(&stacks), 102);
	add_thread(&stacks, 103, false, 0, 0);
	CHECK_INT(remote_busy_thread(&stacks), 0);
	remote_stacks_done(&stacks);
}

int main(void)
{
	RUN(what_was_packed_comes_out);
	RUN(a_part_is_none);
	RUN(frames_must_exist_and_texts_end);
	RUN(sizes_that_overflow_are_refused);
	RUN(one_that_computes_among_those_that_wait_is_the_busy_one);
	return test_done();
}
