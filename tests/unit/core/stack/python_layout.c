// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_layout.h"

#include "tests/unit/test.h"

#define WORDS (PYTHON_DEBUG_OFFSETS_BYTES / 8)
#define COOKIE 0x7970677562656478u /* "xdebugpy" */

/* What _PyRuntime begins with, read from interpreters of these versions on x86-64. */
static const uint64_t python_3_13_0[WORDS] = {
	COOKIE, 0x30d00f0, 0, 283320, 608, 632, 194968, 7272, 7264, 7344, 7400, 7656, 7640,
	7648, 16, 7752, 0, 7768, 7760, 304, 0, 8, 16, 72, 152, 160, 232, 32, 80, 8, 0, 56, 72,
	70, 208, 112, 120, 128, 136, 68, 52, 96, 104, 200, 16, 8, 416, 24, 88, 168, 32, 24, 16,
	40, 24, 16, 48, 32, 40, 24, 16, 32, 16, 24, 40, 16, 32, 64, 32, 16, 40, 240, 200,
};
static const uint64_t python_3_13_15t[WORDS] = {
	COOKIE, 0x30d0ff0, 1, 328384, 608, 632, 215616, 7272, 7264, 7344, 7400, 7664, 7648,
	7656, 16, 7760, 0, 7784, 7776, 312, 0, 8, 16, 72, 152, 160, 232, 32, 80, 8, 0, 56, 72,
	70, 224, 128, 136, 144, 152, 84, 68, 112, 120, 216, 32, 24, 432, 40, 104, 184, 48, 40,
	32, 56, 40, 32, 64, 48, 56, 40, 32, 48, 32, 40, 56, 32, 48, 80, 48, 32, 56, 248, 200,
};
static const uint64_t python_3_14_10[WORDS] = {
	COOKIE, 0x30e0af0, 0, 316616, 784, 808, 225864, 7280, 7272, 7344, 7360, 7408, 7688,
	7672, 7680, 16, 7784, 0, 7800, 7792, 7992, 0, 832, 0, 8, 16, 72, 152, 160, 232, 32, 88,
	8, 0, 56, 80, 74, 64, 0, 216, 112, 120, 128, 136, 68, 52, 96, 104, 208, 0, 16, 8, 416,
	24, 88, 168, 40, 32, 16, 40, 24, 16, 200, 24, 40, 32, 48, 32, 40, 24, 16, 32, 16, 24,
	40, 16, 32, 64, 32, 16, 40, 264, 192,
};
/* Made: fields as 3.14's free-threaded build has them, in the groups that 3.15 has grown to. */
static const uint64_t python_3_15t[WORDS] = {
	COOKIE, 0x30f00f0, 1, 316616, 784, 808, 225864, 7280, 7272, 7344, 7360, 7408, 7688,
	7672, 7680, 16, 7784, 24, 7800, 7792, 7992, 8000, 832, 0, 8, 16, 88, 96, 104, 112, 168,
	176, 248, 32, 120, 124, 256, 264, 0, 96, 8, 0, 56, 88, 78, 64, 72, 240, 128, 136, 144,
	152, 84, 68, 112, 120, 232, 224, 32, 24, 432, 40, 104, 184, 48, 56, 48, 40,
};

static void check_objects(const struct python_layout *layout, unsigned object_size)
{
	CHECK_INT(layout->object_type, object_size - 8);
	CHECK_INT(layout->bytes_size, object_size);
	CHECK_INT(layout->bytes_data, object_size + 16);
	CHECK_INT(layout->unicode_length, object_size);
	CHECK_INT(layout->unicode_state, object_size + 16);
	CHECK_INT(layout->unicode_ascii_size, object_size + 24);
	CHECK_INT(layout->unicode_compact_size, object_size + 40);
}

static void reads_3_13(void)
{
	struct python_layout layout;
	REQUIRE(python_layout_of_runtime(python_3_13_0, &layout));
	CHECK_INT(layout.version, 0x30d00f0);
	CHECK(!layout.free_threaded);
	CHECK_INT(layout.shape, PYTHON_SHAPE_3_12);
	CHECK_INT(layout.thread_frame, 72);
	CHECK_INT(layout.cframe_frame, PYTHON_NO_FIELD);
	CHECK_INT(layout.frame_previous, 8);
	CHECK_INT(layout.frame_code, 0);
	CHECK_INT(layout.frame_instruction, 56);
	CHECK_INT(layout.frame_owner, 70);
	CHECK_INT(layout.frame_tlbc_index, PYTHON_NO_FIELD);
	CHECK_INT(layout.code_filename, 112);
	CHECK_INT(layout.code_qualname, 128);
	CHECK_INT(layout.code_lines, 136);
	CHECK_INT(layout.code_first_line, 68);
	CHECK_INT(layout.code_bytecode, 200);
	CHECK_INT(layout.code_tlbc, PYTHON_NO_FIELD);
	CHECK_INT(layout.first_shim_owner, 3);
	CHECK_INT(layout.unicode_kind_shift, 2);
	CHECK_INT(layout.mark_form, PYTHON_MARK_LOCALS);
	CHECK_INT(layout.frame_mark, 40);
	CHECK_INT(layout.thread_tracing, 60);
	CHECK_INT(layout.code_flags, 48);
	check_objects(&layout, 16);
}

static void reads_3_13_without_the_gil(void)
{
	struct python_layout layout;
	REQUIRE(python_layout_of_runtime(python_3_13_15t, &layout));
	CHECK(layout.free_threaded);
	CHECK_INT(layout.shape, PYTHON_SHAPE_ANY);
	CHECK_INT(layout.thread_frame, 72);
	CHECK_INT(layout.code_filename, 128);
	CHECK_INT(layout.code_bytecode, 216);
	CHECK_INT(layout.code_tlbc, PYTHON_NO_FIELD);
	CHECK_INT(layout.frame_tlbc_index, PYTHON_NO_FIELD);
	CHECK_INT(layout.mark_form, PYTHON_MARK_LOCALS);
	CHECK_INT(layout.code_flags, 64);
	check_objects(&layout, 32);
}

static void reads_3_14(void)
{
	struct python_layout layout;
	REQUIRE(python_layout_of_runtime(python_3_14_10, &layout));
	CHECK_INT(layout.version, 0x30e0af0);
	CHECK_INT(layout.shape, PYTHON_SHAPE_3_12);
	CHECK_INT(layout.frame_owner, 74);
	CHECK_INT(layout.code_bytecode, 208);
	CHECK_INT(layout.code_tlbc, PYTHON_NO_FIELD);
	check_objects(&layout, 16);
}

static void finds_the_groups_of_later_versions(void)
{
	struct python_layout layout;
	REQUIRE(python_layout_of_runtime(python_3_15t, &layout));
	CHECK_INT(layout.thread_frame, 88);
	CHECK_INT(layout.frame_instruction, 56);
	CHECK_INT(layout.frame_owner, 78);
	CHECK_INT(layout.frame_tlbc_index, 72);
	CHECK_INT(layout.code_filename, 128);
	CHECK_INT(layout.code_bytecode, 232);
	CHECK_INT(layout.code_tlbc, 224);
	CHECK_INT(layout.mark_form, PYTHON_MARK_NONE); /* not known: nothing is written */
	CHECK_INT(layout.unicode_kind_shift, 8);
	check_objects(&layout, 32);
}

static void refuses_what_does_not_look_right(void)
{
	struct python_layout layout = { .version = 7 };
	uint64_t words[WORDS];
	static const unsigned vital[] = { 0,  1,  20, 21, 22, 23, 29, 30,
					  31, 32, 35, 36, 37, 38, 44, 45 };
	CHECK(python_layout_is_published(python_3_13_0));
	for (unsigned i = 0; i < sizeof(vital) / sizeof(vital[0]); i++) {
		memcpy(words, python_3_13_0, sizeof(words));
		words[vital[i]] = 0xfffffffffffffff1u;
		if (python_layout_of_runtime(words, &layout)) {
			test_fail(__FILE__, __LINE__, "word %u is not looked at", vital[i]);
		}
	}
	memset(words, 0, sizeof(words));
	CHECK(!python_layout_is_published(words));
	CHECK(!python_layout_of_runtime(words, &layout));
	words[0] = COOKIE;
	words[1] = 0x30d00f0;
	CHECK(!python_layout_of_runtime(words, &layout));
	CHECK_INT(layout.version, 7);
}

static void has_rows_for_3_9_to_3_12(void)
{
	struct python_layout layout;
	for (unsigned minor = 9; minor <= 12; minor++) {
		REQUIRE(python_layout_of_version(PYTHON_VERSION(minor) | 0x12f0, &layout));
		CHECK_INT(layout.version, PYTHON_VERSION(minor) | 0x12f0);
		CHECK_INT(layout.shape, PYTHON_SHAPE_3_9 + minor - 9);
		CHECK_INT(layout.object_type, 8);
	}
	CHECK(!python_layout_of_version(PYTHON_VERSION(8) | 0x12f0, &layout));
	CHECK(!python_layout_of_version(PYTHON_VERSION(13), &layout));
	CHECK(!python_layout_of_version(0x020712f0, &layout));
	CHECK(!python_layout_of_version(0, &layout));
}

int main(void)
{
	RUN(reads_3_13);
	RUN(reads_3_13_without_the_gil);
	RUN(reads_3_14);
	RUN(finds_the_groups_of_later_versions);
	RUN(refuses_what_does_not_look_right);
	RUN(has_rows_for_3_9_to_3_12);
	return test_done();
}
