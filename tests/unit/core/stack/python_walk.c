// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The walk against a model: frames made by hand, in the layouts of several versions. */
#include "core/stack/python.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/test.h"

#define FRAMES 6000
#define CODES 40

static char code_type[256], none[64], thread[256], cframe[64];
/* At the same place in every run: which positions the hash of addresses forgets depends on them. */
#define FRAMES_AT ((void *)0x500000000000)
static char (*frames)[128];
static char codes[CODES][256] __attribute__((aligned(16)));

static struct python python;
static struct python_cache cache;

static void put(void *object, unsigned offset, uintptr_t word)
{
	memcpy((char *)object + offset, &word, sizeof(word));
}

static void set_instruction(void *frame, uint32_t number)
{
	put(frame, python.layout.frame_instruction, 0);
	if (python.layout.instruction_form == PYTHON_INSTRUCTION_POINTER) {
		uintptr_t code;
		memcpy(&code, (char *)frame + python.layout.frame_code, sizeof(code));
		put(frame, python.layout.frame_instruction,
		    (code & ~7ul) + python.layout.code_bytecode + 2 * number);
	} else {
		memcpy((char *)frame + python.layout.frame_instruction, &number, sizeof(number));
	}
}

#define SELF 77

static unsigned long thread_self(void)
{
	return SELF;
}

/** What the interpreter does to a frame that is to be another call's, or to wait for another. */
static void unmark(void *frame)
{
	switch ((enum python_mark_form)python.layout.mark_form) {
	case PYTHON_MARK_TRACE_LINES:
		((char *)frame)[python.layout.frame_mark] = 1;
		break;
	case PYTHON_MARK_SLOT: /* one variable, and above it a slot */
		((char *)frame)[python.layout.frame_mark] = 1;
		put(frame, python.layout.frame_mark + 8, (uintptr_t)none);
		put(frame, python.layout.frame_mark + 16, (uintptr_t)none);
		break;
	case PYTHON_MARK_LOCALS:
		put(frame, python.layout.frame_mark, 0);
		break;
	case PYTHON_MARK_NONE:
		break;
	}
}

static void set_frame(void *frame, void *code, uint32_t instruction)
{
	unmark(frame);
	put(frame, python.layout.frame_code, (uintptr_t)code);
	set_instruction(frame, instruction);
	if (python.layout.frame_owner != PYTHON_NO_FIELD) {
		((char *)frame)[python.layout.frame_owner] = 0;
	}
}

static void set_current(void *frame)
{
	if (python.layout.cframe_frame != PYTHON_NO_FIELD) {
		put(thread, python.layout.thread_frame, (uintptr_t)cframe);
		put(cframe, python.layout.cframe_frame, (uintptr_t)frame);
	} else {
		put(thread, python.layout.thread_frame, (uintptr_t)frame);
	}
}

/** The event of a callback under way beside thread_tracing, or what stands there without one. */
static void set_event(bool is_under_way)
{
	uint32_t none = python.layout.version >= PYTHON_VERSION(12) ? UINT32_MAX : 0;
	uint32_t event = is_under_way ? 2 : none;
	if (python.layout.version >= PYTHON_VERSION(11)) {
		memcpy(thread + python.layout.thread_tracing + 4, &event, sizeof(event));
	}
}

/** An interpreter of version 3.minor that runs; 0: one of offsets that no version has. */
static void start(unsigned minor)
{
	if (!frames) {
		frames = mmap(FRAMES_AT, FRAMES * sizeof(frames[0]), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		REQUIRE(frames == FRAMES_AT);
	}
	memset(frames, 0, FRAMES * sizeof(frames[0]));
	memset(codes, 0, sizeof(codes));
	memset(&python, 0, sizeof(python));
	python_cache_done(&cache);
	if (minor) {
		REQUIRE(python_layout_of_version(PYTHON_VERSION(minor), &python.layout));
	} else {
		python.layout = (struct python_layout){
			.version = PYTHON_VERSION(14),
			.instruction_form = PYTHON_INSTRUCTION_POINTER, .first_shim_owner = 3,
			.cframe_frame = PYTHON_NO_FIELD, .frame_code = 0, .frame_previous = 8,
			.frame_instruction = 16, .frame_owner = 24, .code_bytecode = 208,
			.code_first_line = 68, .object_type = 8,
			.code_tlbc = PYTHON_NO_FIELD, .mark_form = PYTHON_MARK_LOCALS,
			.thread_id = 32, .thread_tracing = 40, .frame_mark = 32, .code_flags = 48,
		};
	}
	memset(thread, 0, sizeof(thread));
	put(thread, python.layout.thread_id, SELF);
	set_event(false);
	python.symbols.thread_self = thread_self;
	python.state = PYTHON_ATTACHED;
	python.progress = 3;
	python.probed = 1;
	python.symbols.code_type = code_type;
	python.symbols.none = none;
	for (int i = 0; i < CODES; i++) {
		put(codes[i], python.layout.object_type, (uintptr_t)code_type);
		codes[i][python.layout.code_first_line] = 1;
		codes[i][python.layout.code_flags] = 1; /* CO_OPTIMIZED: a function */
		if (python.layout.mark_form == PYTHON_MARK_SLOT) {
			codes[i][python.layout.code_variables] = 1;
			codes[i][python.layout.code_stack] = 1;
		}
	}
}

static uint32_t random_state;

static uint32_t random_number(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

/** The model: which frames are on the stack, outermost first, and which are free. */
static int stack[FRAMES], unused[FRAMES];
static int depth, unused_count;

static void link_frame(int position)
{
	put(frames[stack[position]], python.layout.frame_previous,
	    position ? (uintptr_t)frames[stack[position - 1]] : 0);
}

static void push(int frame)
{
	if (depth && python.layout.mark_form == PYTHON_MARK_SLOT) {
		unmark(frames[stack[depth - 1]]);
	}
	stack[depth] = frame;
	link_frame(depth++);
}

static void push_new(void)
{
	/* Mostly the frame that was given back last, as the data stack does it. */
	int i = random_number(4) ? unused_count - 1 : (int)random_number(unused_count);
	int frame = unused[i];
	unused[i] = unused[--unused_count];
	set_frame(frames[frame], codes[random_number(CODES)], random_number(4));
	push(frame);
}

/** A frame that was on the stack: a generator's, which is never marked. */
static void push_again(int frame)
{
	unmark(frames[frame]);
	push(frame);
}

/** Take the top away; it keeps what it is and, as a generator's frame, can be pushed again. */
static void pop(void)
{
	unused[unused_count++] = stack[--depth];
}

static void change_stack(void)
{
	int count = random_number(8) ? (int)random_number(4) : (int)random_number(600);
	switch (random_number(8)) {
	case 0:
	case 1:
		while (count-- > 0 && unused_count > 0) {
			push_new();
		}
		break;
	case 2:
	case 3:
		while (count-- > 0 && depth > 1) {
			pop();
		}
		if (depth) {
			set_instruction(frames[stack[depth - 1]], random_number(4));
		}
		break;
	case 4: /* a suspended chain resumed: the top few frames on another caller */
		if (depth > 10) {
			int moved[5];
			for (int i = 0; i < 5; i++) {
				moved[i] = stack[--depth];
			}
			for (int i = 0; i < (int)random_number(4) && depth > 1; i++) {
				pop();
			}
			for (int i = 5; i-- > 0;) {
				push_again(moved[i]);
			}
		}
		break;
	case 5: /* returns, then calls at the same addresses */
		count = 1 + (int)random_number(4);
		for (int i = 0; i < count && depth > 1; i++) {
			pop();
		}
		while (count-- > 0 && unused_count > 0) {
			push_new();
		}
		break;
	case 6: /* another stack's frames, and below the outermost one new ones */
		if (depth > 2 && depth < FRAMES - 10 && random_number(20) == 0) {
			int above = (int)random_number(depth), moved[FRAMES];
			memcpy(moved, stack, depth * sizeof(moved[0]));
			int count_moved = depth;
			depth = 0;
			push_new();
			for (int i = above; i < count_moved; i++) {
				push_again(moved[i]);
			}
			for (int i = 0; i < above; i++) {
				unused[unused_count++] = moved[i];
			}
		}
		break;
	default:
		break;
	}
}

/** What a caller makes of a position: depends on all below it, as the node of a stack does. */
static uint32_t node_of(unsigned i)
{
	uint32_t below = i ? cache.node[i - 1] : 0;
	return below * 31 + (uint32_t)(cache.code[i] ^ cache.instruction[i] >> 1);
}

/** A walk whose caller does not fill the nodes; the depth. */
static unsigned walk_only(unsigned *ret_unchanged)
{
	struct stack_frames frames = python_walk(&python, thread, &cache);
	*ret_unchanged = frames.unchanged;
	return frames.depth;
}

static bool walk_and_compare(void)
{
	static uintptr_t last_frame[FRAMES], last_instruction[FRAMES], last_code[FRAMES];
	unsigned unchanged, before = cache.kept;
	set_current(depth ? frames[stack[depth - 1]] : NULL);
	for (unsigned i = 0; i < before; i++) {
		last_frame[i] = cache.frame[i];
		last_instruction[i] = cache.instruction[i];
		last_code[i] = cache.code[i];
	}
	if (walk_only(&unchanged) != (unsigned)depth || unchanged > before) {
		return false;
	}
	for (int i = 0; i < depth; i++) {
		uintptr_t code;
		memcpy(&code, frames[stack[i]] + python.layout.frame_code, sizeof(code));
		if (cache.frame[i] != (uintptr_t)frames[stack[i]] || cache.code[i] != code) {
			return false;
		}
	}
	for (unsigned i = 0; i < unchanged; i++) {
		if (last_frame[i] != cache.frame[i] || last_instruction[i] != cache.instruction[i]
		    || last_code[i] != cache.code[i]) {
			return false;
		}
	}
	for (int i = unchanged; i < depth; i++) {
		cache.node[i] = node_of(i);
	}
	python_cache_nodes_filled(&cache);
	for (int i = 0; i < depth; i++) {
		if (cache.node[i] != node_of(i)) {
			return false;
		}
	}
	return true;
}

/** Any changes, of one version's frames; returns how many walks there were of stacks with marks. */
static unsigned follow(unsigned minor, uint32_t mark_every, uint32_t seed)
{
	unsigned marked = 0;
	start(minor);
	cache.mark_every = mark_every;
	random_state = seed;
	depth = 0;
	unused_count = 0;
	for (int i = 0; i < FRAMES; i++) {
		unused[unused_count++] = i;
	}
	push_new();
	for (int i = 0; i < 20000; i++) {
		change_stack();
		if (!walk_and_compare()) {
			test_fail(__FILE__, __LINE__, "3.%u, a mark in %u, step %d, depth %d",
				  minor, mark_every, i, depth);
			break;
		}
		marked += cache.marks != 0;
	}
	return marked;
}

static void follows_any_change_of_the_stack(void)
{
	static const unsigned minors[] = { 9, 10, 11, 12, 0 };
	for (unsigned m = 0; m < sizeof(minors) / sizeof(minors[0]); m++) {
		CHECK_INT(follow(minors[m], 0, m), 0);
		CHECK(cache.capacity >= 512);
		CHECK(follow(minors[m], 1, m) > 10000);
		CHECK(follow(minors[m], PYTHON_MARK_EVERY, m) > 10000);

	}
}

static unsigned walk(unsigned *ret_unchanged)
{
	unsigned result = walk_only(ret_unchanged);
	python_cache_nodes_filled(&cache);
	return result;
}

static void push_many(int count)
{
	depth = 0;
	for (int i = 0; i < count; i++) {
		set_frame(frames[i], codes[i % CODES], 1);
		push(i);
	}
	set_current(frames[count - 1]);
}

static void tells_exactly_what_changed(void)
{
	unsigned unchanged;
	start(12);
	push_many(100);
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 0);
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 100);
	set_instruction(frames[99], 2);
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 99);
	set_current(frames[60]); /* a long pop */
	CHECK_INT(walk(&unchanged), 61);
	CHECK_INT(unchanged, 61);
	set_current(frames[99]); /* and the same calls again */
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 100);
	set_current(frames[60]);
	CHECK_INT(walk(&unchanged), 61);
	set_instruction(frames[60], 3); /* and calls at the same addresses, from another place */
	set_current(frames[99]);
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 60);
	python_cache_reset(&cache);
	CHECK_INT(walk(&unchanged), 100);
	CHECK_INT(unchanged, 0);
	uint32_t capacity = cache.capacity;
	/* More than there was room for: positions are found again, but for a few whose places in
	   the hash are another's. */
	push_many(400);
	CHECK_INT(walk(&unchanged), 400);
	CHECK_INT(unchanged, 60);
	CHECK(cache.capacity > capacity);
	set_current(frames[60]);
	CHECK_INT(walk(&unchanged), 61);
	CHECK(unchanged > 50);
}

/** Whether a change far out, which cannot be while frames further in live, goes unseen. */
static bool stops_at_a_mark(void)
{
	unsigned unchanged;
	walk(&unchanged);
	set_instruction(frames[3], 9);
	walk(&unchanged);
	bool stops = unchanged == 100;
	set_instruction(frames[3], 1);
	walk(&unchanged);
	return stops;
}

static void stops_where_a_mark_tells_that_nothing_has_changed(void)
{
	static const unsigned minors[] = { 9, 10, 11, 12, 0 };
	for (unsigned m = 0; m < sizeof(minors) / sizeof(minors[0]); m++) {
		unsigned unchanged;
		start(minors[m]);
		push_many(100);
		walk(&unchanged);
		CHECK(!stops_at_a_mark());
		cache.mark_every = PYTHON_MARK_EVERY;
		walk(&unchanged);
		CHECK(cache.marks > 8 && cache.mark[cache.marks - 1] == 98);
		CHECK(cache.mark[0] >= 2 * PYTHON_MARK_EVERY);
		CHECK(stops_at_a_mark());
		/* In a debugger's callback, which may move frames that wait. */
		thread[python.layout.thread_tracing] = 1;
		CHECK(!stops_at_a_mark());
		CHECK_INT(cache.marks, 0);
		thread[python.layout.thread_tracing] = 0;
		CHECK(stops_at_a_mark());
		if (python.layout.version >= PYTHON_VERSION(11)) {
			/* In what that has called with sys.call_tracing. */
			set_event(true);
			CHECK(!stops_at_a_mark());
			CHECK_INT(cache.marks, 0);
			set_event(false);
			CHECK(stops_at_a_mark());
		}
		/* A state that another thread uses. */
		put(thread, python.layout.thread_id, SELF + 1);
		CHECK(!stops_at_a_mark());
		CHECK_INT(cache.marks, 0);
		put(thread, python.layout.thread_id, SELF);
		CHECK(stops_at_a_mark());
		python_cache_reset(&cache);
		walk(&unchanged);
		CHECK_INT(unchanged, 0);
	}
}

static void marks_no_frames_that_must_not_be(void)
{
	static const unsigned minors[] = { 9, 10, 0 };
	static const unsigned char flags[] = { 1 | 0x20, 1 | 0x80 };
	for (unsigned m = 0; m < sizeof(minors) / sizeof(minors[0]); m++) {
		for (unsigned f = 0; f < sizeof(flags); f++) {
			unsigned unchanged;
			start(minors[m]);
			for (int i = 0; i < CODES; i++) {
				codes[i][python.layout.code_flags] = (char)flags[f];
			}
			push_many(100);
			cache.mark_every = 1;
			walk(&unchanged);
			walk(&unchanged);
			CHECK_INT(cache.marks, 0);
		}
	}
	/* Above the NULL of a property that is to be called (3.12), but not of a variable. */
	for (char variables = 0; variables <= 1; variables++) {
		unsigned unchanged;
		start(12);
		push_many(100);
		for (int i = 0; i < CODES; i++) {
			codes[i][python.layout.code_variables] = variables;
			codes[i][python.layout.code_stack] = 2;
		}
		for (int i = 0; i < 100; i++) {
			put(frames[i], 72, 0);
		}
		cache.mark_every = 1;
		walk(&unchanged);
		walk(&unchanged);
		CHECK((cache.marks > 0) == variables);
	}
	/* In C, or called from it: stacktop is not valid, or says nothing. */
	for (unsigned minor = 11; minor <= 12; minor++) {
		unsigned unchanged;
		start(minor);
		push_many(100);
		for (int i = 0; i < 100; i += 2) {
			put(frames[i], 64, UINT32_MAX);
			frames[i][python.layout.frame_owner - (minor == 11)] = 1;
		}
		cache.mark_every = 1;
		walk(&unchanged);
		walk(&unchanged);
		CHECK_INT(cache.marks, 0);
	}
}

/* A caller that could not fill the nodes of a walk (no lock) must not find them filled later. */
static void does_not_call_unchanged_what_was_never_noded(void)
{
	unsigned unchanged;
	start(12);
	push_many(10);
	walk(&unchanged);
	set_instruction(frames[4], 2);
	CHECK_INT(walk_only(&unchanged), 10);
	CHECK_INT(unchanged, 4);
	CHECK_INT(walk_only(&unchanged), 10);
	CHECK_INT(unchanged, 4);
	walk(&unchanged);
	CHECK_INT(unchanged, 4);
	walk(&unchanged);
	CHECK_INT(unchanged, 10);
}

static void hides_frames_of_the_interpreter(void)
{
	unsigned unchanged;
	start(12);
	push_many(5);
	frames[1][python.layout.frame_owner] = 3;
	put(frames[3], python.layout.frame_code, (uintptr_t)none);
	CHECK_INT(walk(&unchanged), 5);
	CHECK(!python_cache_hidden(&cache, 0));
	CHECK(python_cache_hidden(&cache, 1));
	CHECK(!python_cache_hidden(&cache, 2));
	CHECK(python_cache_hidden(&cache, 3));
	CHECK_INT(python_cache_code(&cache, 4), (uintptr_t)codes[4]);
	walk(&unchanged);
	CHECK_INT(unchanged, 5);
	/* 3.13 and later: a code object of the interpreter's own, without a line. */
	start(0);
	push_many(3);
	codes[1][python.layout.code_first_line] = 0;
	CHECK_INT(walk(&unchanged), 3);
	CHECK(!python_cache_hidden(&cache, 1));
	python.image_start = (uintptr_t)codes[0];
	python.image_end = (uintptr_t)codes[CODES - 1];
	python_cache_reset(&cache);
	CHECK_INT(walk(&unchanged), 3);
	CHECK(python_cache_hidden(&cache, 1));
	CHECK(!python_cache_hidden(&cache, 2));
}

static void reads_through_tags(void)
{
	unsigned unchanged;
	start(0);
	push_many(3);
	put(frames[1], python.layout.frame_code, (uintptr_t)codes[1] | 1);
	CHECK_INT(walk(&unchanged), 3);
	CHECK_INT(python_cache_code(&cache, 1), (uintptr_t)codes[1]);
	walk(&unchanged);
	CHECK_INT(unchanged, 3);
}

static void stops_for_good_at_what_is_not_code(void)
{
	unsigned unchanged;
	start(11);
	push_many(5);
	put(codes[2], python.layout.object_type, (uintptr_t)none);
	CHECK_INT(walk(&unchanged), 0);
	CHECK_INT(python.state, PYTHON_UNREADABLE);
	put(codes[2], python.layout.object_type, (uintptr_t)code_type);
	CHECK_INT(walk(&unchanged), 0);
	CHECK(python_current_thread(&python) == NULL);
}

static void gives_offsets_in_bytes(void)
{
	unsigned unchanged;
	static const struct { unsigned minor; uint32_t instruction, offset; } cases[] = {
		{ 9, 6, 6 }, { 9, (uint32_t)-1, 0 }, { 10, 6, 12 }, { 10, (uint32_t)-1, 0 },
		{ 11, 6, 12 }, { 11, (uint32_t)-1, 0 }, { 12, 7, 14 }, { 0, 7, 14 },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(cases[i].minor);
		push_many(2);
		set_instruction(frames[1], cases[i].instruction);
		REQUIRE(walk(&unchanged) == 2);
		CHECK_INT(python_offset(&python, &cache, 1), cases[i].offset);
	}
}

/* Each thread may run a copy of the bytecode: offsets are counted from the right one. */
static void counts_from_the_bytecode_of_the_thread(void)
{
	unsigned unchanged;
	static char copy[64];
	uintptr_t copies[] = { 3, 0, 0, (uintptr_t)copy };
	start(0);
	python.layout.code_tlbc = 32;
	python.layout.frame_tlbc_index = 28;
	push_many(1);
	put(codes[0], 32, (uintptr_t)copies);
	frames[0][28] = 2;
	put(frames[0], python.layout.frame_instruction, (uintptr_t)copy + 10);
	REQUIRE(walk(&unchanged) == 1);
	CHECK_INT(python_offset(&python, &cache, 0), 10);
	put(codes[0], 32, 0);
	set_instruction(frames[0], 3);
	REQUIRE(walk(&unchanged) == 1);
	CHECK_INT(python_offset(&python, &cache, 0), 6);
}

static void cuts_a_stack_that_is_too_deep(void)
{
	const size_t count = PYTHON_FRAMES_MAX + 1000;
	unsigned unchanged;
	start(0);
	char (*deep)[32] = mmap(NULL, count * 32, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(deep != MAP_FAILED);
	for (size_t i = 0; i < count; i++) {
		set_frame(deep[i], codes[i % CODES], 1);
		put(deep[i], python.layout.frame_previous, i ? (uintptr_t)deep[i - 1] : 0);
	}
	set_current(deep[PYTHON_FRAMES_MAX - 1]);
	CHECK_INT(walk(&unchanged), PYTHON_FRAMES_MAX);
	CHECK(!cache.cut);
	set_current(deep[count - 1]);
	CHECK_INT(walk(&unchanged), PYTHON_FRAMES_MAX);
	CHECK(cache.cut);
	CHECK_INT(cache.frame[0], (uintptr_t)deep[1000]);
	CHECK_INT(walk(&unchanged), PYTHON_FRAMES_MAX);
	CHECK_INT(unchanged, PYTHON_FRAMES_MAX);
	set_current(deep[count - 10]);
	CHECK_INT(walk(&unchanged), PYTHON_FRAMES_MAX - 9);
	CHECK_INT(unchanged, PYTHON_FRAMES_MAX - 9);
	set_current(deep[500]); /* below the cut */
	CHECK_INT(walk(&unchanged), 501);
	CHECK(!cache.cut);
	munmap(deep, count * 32);
}

static void a_thread_without_frames_has_no_stack(void)
{
	unsigned unchanged;
	for (unsigned minor = 9; minor <= 12; minor++) {
		start(minor);
		push_many(3);
		CHECK_INT(walk(&unchanged), 3);
		set_current(NULL);
		CHECK_INT(walk(&unchanged), 0);
		CHECK_INT(unchanged, 0);
		put(thread, python.layout.thread_frame, 0);
		CHECK_INT(walk(&unchanged), 0);
		push_many(3);
		CHECK_INT(walk(&unchanged), 3);
		CHECK_INT(unchanged, 0);
	}
}

int main(void)
{
	RUN(follows_any_change_of_the_stack);
	RUN(tells_exactly_what_changed);
	RUN(stops_where_a_mark_tells_that_nothing_has_changed);
	RUN(marks_no_frames_that_must_not_be);
	RUN(does_not_call_unchanged_what_was_never_noded);
	RUN(hides_frames_of_the_interpreter);
	RUN(reads_through_tags);
	RUN(stops_for_good_at_what_is_not_code);
	RUN(gives_offsets_in_bytes);
	RUN(counts_from_the_bytecode_of_the_thread);
	RUN(cuts_a_stack_that_is_too_deep);
	RUN(a_thread_without_frames_has_no_stack);
	return test_done();
}
