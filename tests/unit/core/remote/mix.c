// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Python frames between native ones. Places are told by their addresses: those from 0x1000 on are
 * the interpreter's, 0x1100 is in its loop.
 */
#include "core/remote/mix.h"

#include "tests/unit/test.h"

#define EVAL 0x1100u
#define COUNT_MAX 16u

static struct native_place places[COUNT_MAX];
static size_t place_count;
static struct remote_python python;
static struct remote_python_stack stack;

static void begin(void)
{
	remote_python_stack_done(&stack);
	place_count = 0;
	python = (struct remote_python){
		.known = { .image_start = 0x1000, .image_end = 0x2000,
			   .symbols.eval = (const char *)EVAL },
	};
}

/** The next place outwards; its frame takes 16 bytes of stack. */
static void add_place(uint64_t address)
{
	places[place_count] = (struct native_place){
		.address = address, .sp = 0x7000 + 16 * place_count, .function = address & ~0xfful,
	};
	place_count++;
}

static void add_frames(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct remote_python_frame frame = { .frame = i };
		buffer_append(&stack.frames, &frame, sizeof(frame));
	}
}

static void add_call(uint64_t address, size_t first, size_t end)
{
	struct remote_python_call call = { address, first, end };
	buffer_append(&stack.calls, &call, sizeof(call));
}

/** "c40 p2 p1 ...", the outermost first: addresses of code, numbers of Python frames. */
static const char *mixed(void)
{
	static char text[512];
	struct buffer mix = { 0 };
	size_t len = 0;
	remote_mix(places, place_count, &python, &stack, &mix);
	const struct mixed_frame *frames = (const void *)mix.data;
	text[0] = 0;
	for (size_t i = 0; i < mix.len / sizeof(*frames); i++) {
		unsigned long number = frames[i].is_python ? frames[i].index
							   : places[frames[i].index].address;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%lx", i ? " " : "",
					frames[i].is_python ? 'p' : 'c', number);
	}
	buffer_done(&mix);
	return text;
}

static void a_thread_without_python_shows_all(void)
{
	begin();
	add_place(0x40);
	add_place(0x1200);
	add_place(0x50);
	CHECK_STR(mixed(), "c50 c1200 c40");
}

static void calls_of_the_loop_become_their_frames(void)
{
	begin();
	add_place(0x40);   /* C that Python has called */
	add_place(0x1200); /* the interpreter, on the way to it */
	add_place(EVAL);
	add_place(0x1300);
	add_place(0x60); /* C that calls Python back */
	add_place(EVAL);
	add_place(0x70); /* main */
	add_frames(2);
	add_call(0, 0, 1);
	add_call(0, 1, 2);
	CHECK_STR(mixed(), "p1 c60 p0 c40");
}

static void a_call_is_told_by_an_address_in_its_frame(void)
{
	begin();
	add_place(0x40);
	add_place(EVAL);
	add_place(0x60);
	add_place(EVAL);
	add_frames(3);
	/* The innermost loop runs code that is not in the list: a frame that is being made. */
	add_call(0x7000 + 16 * 3 + 8, 0, 3);
	CHECK_STR(mixed(), "p2 p1 p0 c60 c40");
}

static void the_interpreter_is_shown_where_it_is_what_runs(void)
{
	begin();
	add_place(0x40);
	add_place(0x1300);
	add_place(EVAL);
	add_frames(1);
	add_call(0, 0, 1);
	CHECK_STR(mixed(), "p0 c40");
	places[0].address = 0x1400;
	CHECK_STR(mixed(), "p0 c1300 c1400");
}

static void hidden_frames_are_not_shown(void)
{
	begin();
	add_place(EVAL);
	add_frames(3);
	((struct remote_python_frame *)stack.frames.data)[1].is_hidden = true;
	add_call(0, 0, 3);
	CHECK_STR(mixed(), "p2 p0");
}

static void an_embedding_program_is_shown(void)
{
	begin();
	add_place(EVAL);
	for (uint64_t i = 0; i < 5; i++) {
		add_place(0x40 + i);
	}
	add_frames(1);
	add_call(0, 0, 1);
	CHECK_STR(mixed(), "c44 c43 c42 c41 c40 p0");
	place_count--;
	CHECK_STR(mixed(), "p0");
}

static void frames_of_calls_that_are_not_found_are_kept(void)
{
	begin();
	add_place(0x40);
	add_frames(2);
	add_call(0, 0, 1);
	add_call(0, 1, 2);
	CHECK_STR(mixed(), "p1 p0 c40");
	add_place(EVAL);
	CHECK_STR(mixed(), "p1 p0 c40");
}

int main(void)
{
	RUN(a_thread_without_python_shows_all);
	RUN(calls_of_the_loop_become_their_frames);
	RUN(a_call_is_told_by_an_address_in_its_frame);
	RUN(the_interpreter_is_shown_where_it_is_what_runs);
	RUN(hidden_frames_are_not_shown);
	RUN(an_embedding_program_is_shown);
	RUN(frames_of_calls_that_are_not_found_are_kept);
	remote_python_stack_done(&stack);
	return test_done();
}
