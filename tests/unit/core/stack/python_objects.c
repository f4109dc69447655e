// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Code objects and strings made by hand: what is read of them, and the test of a layout on them. */
#include "core/stack/python.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/test.h"

static char code_type[256], unicode_type[64], bytes_type[64], none[64], thread[256];
static char cframe[64], frame[128], code[512], filename[128], qualname[128], lines[64];

static struct python python;
static struct python_cache cache;

static void put(void *object, unsigned offset, uintptr_t word)
{
	memcpy((char *)object + offset, &word, sizeof(word));
}

/** A str of one-byte characters with its kind at a position of its state word. */
static void make_text(char *text, const char *chars, unsigned shift, bool is_ascii)
{
	const struct python_layout *layout = &python.layout;
	memset(text, 0x55, 128);
	put(text, layout->object_type, (uintptr_t)unicode_type);
	put(text, layout->unicode_length, strlen(chars));
	put(text, layout->unicode_state, (uint32_t)(1 | 1 << 3 | is_ascii << 4) << shift | 1);
	text += is_ascii ? layout->unicode_ascii_size : layout->unicode_compact_size;
	strcpy(text, chars);
}

/** One frame that runs one code object, in 3.12; not yet tested. */
static void start(void)
{
	memset(&python, 0, sizeof(python));
	memset(frame, 0, sizeof(frame));
	memset(code, 0, sizeof(code));
	REQUIRE(python_layout_of_version(PYTHON_VERSION(12), &python.layout));
	python.state = PYTHON_ATTACHED;
	python.symbols.code_type = code_type;
	python.symbols.unicode_type = unicode_type;
	python.symbols.bytes_type = bytes_type;
	python.symbols.none = none;
	make_text(filename, "/a/job.py", 2, true);
	make_text(qualname, "K.run", 2, true);
	put(lines, 8, (uintptr_t)bytes_type);
	put(lines, 16, 3);
	memcpy(lines + 32, "\x80\x01\x02", 4);
	put(code, 8, (uintptr_t)code_type);
	put(code, 16, 20); /* units of bytecode */
	put(code, python.layout.code_filename, (uintptr_t)filename);
	put(code, python.layout.code_qualname, (uintptr_t)qualname);
	put(code, python.layout.code_lines, (uintptr_t)lines);
	code[python.layout.code_first_line] = 7;
	put(frame, python.layout.frame_code, (uintptr_t)code);
	put(frame, python.layout.frame_instruction,
	    (uintptr_t)code + python.layout.code_bytecode + 12);
	put(cframe, python.layout.cframe_frame, (uintptr_t)frame);
	put(thread, python.layout.thread_frame, (uintptr_t)cframe);
	python_cache_done(&cache);
}

static unsigned walk(void)
{
	return python_walk(&python, thread, &cache).depth;
}

static void accepts_a_layout_that_fits(void)
{
	start();
	CHECK_INT(walk(), 1);
	CHECK_INT(python.probed, 1);
	CHECK_INT(python.state, PYTHON_ATTACHED);
	CHECK_INT(python_offset(&python, &cache, 0), 12);
	/* Before the first instruction, as when a frame has just been made. */
	start();
	put(frame, python.layout.frame_instruction,
	    (uintptr_t)code + python.layout.code_bytecode - 2);
	CHECK_INT(walk(), 1);
	CHECK_INT(python_offset(&python, &cache, 0), 0);
}

/** The page after this address cannot be read. */
static char *end_of_memory(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED && mprotect(pages + 4096, 4096, PROT_NONE) == 0);
	return pages + 4096;
}

static void refuses_a_layout_that_does_not_fit(void)
{
	start();
	struct {
		void *object;
		unsigned offset;
		uintptr_t word;
	} damages[] = {
		{ thread, python.layout.thread_frame, 0x10 },
		{ cframe, python.layout.cframe_frame, (uintptr_t)end_of_memory() },
		{ cframe, python.layout.cframe_frame, (uintptr_t)end_of_memory() - 16 },
		{ cframe, python.layout.cframe_frame, ~(uintptr_t)0 - 100 },
		{ frame, python.layout.frame_code, 0x1000 },
		{ frame, python.layout.frame_code, (uintptr_t)lines },
		{ frame, python.layout.frame_previous, 0x7f0000000000 },
		{ frame, python.layout.frame_instruction, (uintptr_t)frame },
		{ frame, python.layout.frame_instruction, (uintptr_t)code },
		{ code, 8, (uintptr_t)unicode_type },
		{ code, python.layout.code_filename, (uintptr_t)lines },
		{ code, python.layout.code_qualname, 8 },
		{ code, python.layout.code_lines, (uintptr_t)filename },
		{ filename, python.layout.unicode_state, 0 },
		{ filename, python.layout.unicode_length, 3 },
		{ filename, python.layout.unicode_length, 1u << 30 },
	};
	for (unsigned i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		start();
		put(damages[i].object, damages[i].offset, damages[i].word);
		CHECK_INT(walk(), 0);
		if (python.state != PYTHON_UNREADABLE || python.probed) {
			test_fail(__FILE__, __LINE__, "damage %u was not seen", i);
		}
	}
}

static void waits_for_a_frame_that_runs_code(void)
{
	start();
	frame[python.layout.frame_owner] = 3;
	CHECK_INT(walk(), 0);
	CHECK_INT(python.probed, 0);
	CHECK_INT(python.state, PYTHON_ATTACHED);
	frame[python.layout.frame_owner] = 0;
	CHECK_INT(walk(), 1);
	CHECK_INT(python.probed, 1);
}

/* Where the kind of a str lies differs between builds of one version: the first str tells. */
static void finds_where_the_kind_of_a_str_is(void)
{
	struct python_code_info info;
	start();
	make_text(filename, "/a/job.py", 8, true);
	make_text(qualname, "K.run", 8, true);
	CHECK_INT(walk(), 1);
	CHECK_INT(python.layout.unicode_kind_shift, 8);
	REQUIRE(python_describe_code(&python, (uintptr_t)code, &info));
	CHECK_INT(info.filename.length, 9);
}

static void describes_a_code_object(void)
{
	struct python_code_info info;
	start();
	REQUIRE(python_describe_code(&python, (uintptr_t)code, &info));
	CHECK_INT(info.filename.length, 9);
	CHECK(info.filename.is_ascii);
	CHECK_BYTES(info.filename.data, "/a/job.py", 9);
	CHECK_BYTES(info.qualname.data, "K.run", 5);
	CHECK_INT(info.lines_bytes, 3);
	CHECK_BYTES(info.lines, "\x80\x01\x02", 3);
	CHECK_INT(info.first_line, 7);
	CHECK_INT(info.line_format, LINES_LOCATIONS);
	make_text(filename, "\xe9", 2, false);
	REQUIRE(python_describe_code(&python, (uintptr_t)code, &info));
	CHECK(!info.filename.is_ascii);
	CHECK_BYTES(info.filename.data, "\xe9", 1);
	info.first_line = 99;
	put(code, python.layout.code_lines, (uintptr_t)none);
	CHECK(!python_describe_code(&python, (uintptr_t)code, &info));
	CHECK_INT(info.first_line, 99);
	put(code, python.layout.code_lines, (uintptr_t)lines);
	put(code, python.layout.code_filename, 0);
	CHECK(!python_describe_code(&python, (uintptr_t)code, &info));
}

static void check_utf8(const void *data, size_t length, unsigned width, const char *want)
{
	struct python_text text = { data, length, (uint8_t)width, false };
	char buffer[64];
	memset(buffer, '#', sizeof(buffer));
	size_t len = python_text_utf8(&text, buffer, 40);
	CHECK_INT(len, strlen(want));
	CHECK_BYTES(buffer, want, strlen(want));
	CHECK_INT(buffer[len], '#');
}

static void writes_utf8(void)
{
	static const uint16_t two[] = { 'a', 0xe9, 0x142, 0x4e2d, 0xffff };
	static const uint32_t four[] = { 0x1f600, 'b', 0x10ffff };
	static const uint16_t undecodable[] = { 'x', 0xdcff, 0xdc80, 'y' };
	static const uint16_t lone[] = { 0xd800, 0xdfff };
	check_utf8("a\xe9", 2, 1, "a\u00e9");
	check_utf8(two, 5, 2, "a\u00e9\u0142\u4e2d\uffff");
	check_utf8(four, 3, 4, "\U0001f600b\U0010ffff");
	check_utf8(undecodable, 4, 2, "x\xff\x80y");
	check_utf8(lone, 2, 2, "\xed\xa0\x80\xed\xbf\xbf");
	check_utf8("", 0, 1, "");
}

static void cuts_utf8_between_characters(void)
{
	static const uint16_t two[] = { 0x4e2d, 0x4e2d, 0x4e2d };
	struct python_text text = { two, 3, 2, false };
	struct python_text ascii = { "hello", 5, 1, true };
	char buffer[16] = "################";
	CHECK_INT(python_text_utf8(&text, buffer, 8), 6);
	CHECK_INT(buffer[6], '#');
	CHECK_INT(python_text_utf8(&text, buffer, 2), 0);
	CHECK_INT(python_text_utf8(&ascii, buffer, 3), 3);
	CHECK_BYTES(buffer, "hel", 3);
	CHECK_INT(python_text_utf8(&ascii, buffer, 9), 5);
}

int main(void)
{
	RUN(accepts_a_layout_that_fits);
	RUN(refuses_a_layout_that_does_not_fit);
	RUN(waits_for_a_frame_that_runs_code);
	RUN(finds_where_the_kind_of_a_str_is);
	RUN(describes_a_code_object);
	RUN(writes_utf8);
	RUN(cuts_utf8_between_characters);
	return test_done();
}
