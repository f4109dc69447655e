// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_layout.h"

#include <stddef.h>
#include <string.h>

#include "core/base/attributes.h"

#define NO_FIELD PYTHON_NO_FIELD
#define VERSION_MINOR_MASK 0xffff0000u

/* Objects of a build with the GIL: in every version the same but for strings' headers. */
#define OBJECTS(ascii_size, compact_size) \
	.object_type = 8, .bytes_size = 16, .bytes_data = 32, .unicode_length = 16, \
	.unicode_state = 32, .unicode_ascii_size = (ascii_size), \
	.unicode_compact_size = (compact_size), .unicode_kind_shift = 2

static const struct python_layout rows[] = {
	{
		.version = PYTHON_VERSION(9),
		.shape = PYTHON_SHAPE_3_9,
		.instruction_form = PYTHON_INSTRUCTION_BYTES,
		.line_format = LINES_LNOTAB,
		.first_shim_owner = UINT8_MAX,
		.mark_form = PYTHON_MARK_TRACE_LINES,
		.thread_frame = 24,
		.cframe_frame = NO_FIELD,
		.thread_id = 176,
		.thread_tracing = 44,
		.frame_previous = 24,
		.frame_code = 32,
		.frame_instruction = 104,
		.frame_owner = NO_FIELD,
		.frame_tlbc_index = NO_FIELD,
		.frame_mark = 88,
		.code_filename = 104,
		.code_qualname = 112,
		.code_first_line = 40,
		.code_lines = 120,
		.code_bytecode = NO_FIELD,
		.code_tlbc = NO_FIELD,
		.code_flags = 36,
		.code_variables = NO_FIELD,
		.code_stack = NO_FIELD,
		OBJECTS(48, 72),
	},
	{
		.version = PYTHON_VERSION(10),
		.shape = PYTHON_SHAPE_3_10,
		.instruction_form = PYTHON_INSTRUCTION_UNITS,
		.line_format = LINES_PAIRS,
		.first_shim_owner = UINT8_MAX,
		.mark_form = PYTHON_MARK_TRACE_LINES,
		.thread_frame = 24,
		.cframe_frame = NO_FIELD,
		.thread_id = 176,
		.thread_tracing = 44,
		.frame_previous = 24,
		.frame_code = 32,
		.frame_instruction = 96,
		.frame_owner = NO_FIELD,
		.frame_tlbc_index = NO_FIELD,
		.frame_mark = 84,
		.code_filename = 104,
		.code_qualname = 112,
		.code_first_line = 40,
		.code_lines = 120,
		.code_bytecode = NO_FIELD,
		.code_tlbc = NO_FIELD,
		.code_flags = 36,
		.code_variables = NO_FIELD,
		.code_stack = NO_FIELD,
		OBJECTS(48, 72),
	},
	{
		.version = PYTHON_VERSION(11),
		.shape = PYTHON_SHAPE_3_11,
		.instruction_form = PYTHON_INSTRUCTION_POINTER,
		.line_format = LINES_LOCATIONS,
		.first_shim_owner = UINT8_MAX,
		.mark_form = PYTHON_MARK_SLOT,
		.thread_frame = 56,
		.cframe_frame = 8,
		.thread_id = 152,
		.thread_tracing = 44,
		.frame_previous = 48,
		.frame_code = 32,
		.frame_instruction = 56,
		.frame_owner = 69,
		.frame_tlbc_index = NO_FIELD,
		.frame_mark = 64,
		.code_filename = 112,
		.code_qualname = 128,
		.code_first_line = 72,
		.code_lines = 136,
		.code_bytecode = 184,
		.code_tlbc = NO_FIELD,
		.code_flags = 48,
		.code_variables = 76,
		.code_stack = 68,
		OBJECTS(48, 72),
	},
	{
		.version = PYTHON_VERSION(12),
		.shape = PYTHON_SHAPE_3_12,
		.instruction_form = PYTHON_INSTRUCTION_POINTER,
		.line_format = LINES_LOCATIONS,
		.first_shim_owner = 3,
		.mark_form = PYTHON_MARK_SLOT,
		.thread_frame = 56,
		.cframe_frame = 0,
		.thread_id = 136,
		.thread_tracing = 44,
		.frame_previous = 8,
		.frame_code = 0,
		.frame_instruction = 56,
		.frame_owner = 70,
		.frame_tlbc_index = NO_FIELD,
		.frame_mark = 64,
		.code_filename = 112,
		.code_qualname = 128,
		.code_first_line = 68,
		.code_lines = 136,
		.code_bytecode = 192,
		.code_tlbc = NO_FIELD,
		.code_flags = 48,
		.code_variables = 72,
		.code_stack = 64,
		OBJECTS(40, 56),
	},
};

bool python_layout_of_version(uint32_t version, struct python_layout *ret)
{
	for (size_t i = 0; i < countof(rows); i++) {
		if (rows[i].version == (version & VERSION_MINOR_MASK)) {
			*ret = rows[i];
			ret->version = version;
			return true;
		}
	}
	return false;
}

/* struct _Py_DebugOffsets as an array of u64, after the cookie, the version and free_threaded.
   3.13, 3.14 and 3.15 differ in how many fields each group has, not in the groups' first ones. */
#define SLOT_COUNT (PYTHON_DEBUG_OFFSETS_BYTES / sizeof(uint64_t))
#define SLOT_COOKIE 0
#define SLOT_VERSION 1
#define SLOT_FREE_THREADED 2
#define SLOT_FIRST 3
/** Longest group that is looked at, in slots. */
#define GROUP_MAX 16

bool python_layout_is_published(const void *runtime)
{
	return memcmp(runtime, "xdebugpy", 8) == 0;
}

/** True if the slots at group are {size, prev 0, next 8, interp 16, current_frame ...}. */
static bool is_thread_group(const uint64_t *group)
{
	return group[0] < NO_FIELD && group[1] == 0 && group[2] == 8 && group[3] == 16
		&& group[4] > 16 && group[4] < group[0] && group[4] % 8 == 0;
}

/** True if they are {size, previous 8, executable 0, instr_ptr, localsplus, owner ...}. */
static bool is_frame_group(const uint64_t *group)
{
	return group[0] < NO_FIELD && group[1] == 8 && group[2] == 0 && group[3] > 8
		&& group[3] % 8 == 0 && group[3] < group[4] && group[4] <= group[0]
		&& group[5] > group[3] && group[5] < group[4];
}

/** True if {size, filename, name, qualname, linetable, firstlineno, argcount, 2 more, bytecode}. */
static bool is_code_group(const uint64_t *group)
{
	return group[0] < NO_FIELD && group[1] % 8 == 0 && group[2] == group[1] + 8
		&& group[3] == group[1] + 16 && group[4] == group[1] + 24 && group[4] < group[9]
		&& group[5] < group[1] && group[5] % 4 == 0 && group[6] < group[1]
		&& group[9] <= group[0] && group[9] % 2 == 0;
}

/** True if {size, ob_type} of an object of this build. */
static bool is_object_group(const uint64_t *group, bool free_threaded)
{
	return group[0] == (free_threaded ? 32 : 16) && group[1] == group[0] - 8;
}

/** First group of slots, from *slot on and at most GROUP_MAX + 8 further, of that look. */
static const uint64_t *find_group(const uint64_t *slots, size_t *slot,
				  bool (*looks)(const uint64_t *))
{
	for (size_t i = *slot; i <= *slot + GROUP_MAX + 8 && i + GROUP_MAX <= SLOT_COUNT; i++) {
		if (looks(&slots[i])) {
			*slot = i;
			return &slots[i];
		}
	}
	return NULL;
}

/** Headers of objects: an object of size object_size, as released in 3.12 but for that. */
static void set_objects(struct python_layout *layout, uint16_t object_size)
{
	layout->object_type = object_size - 8;
	layout->bytes_size = object_size;
	layout->bytes_data = object_size + 16;
	layout->unicode_length = object_size;
	layout->unicode_state = object_size + 16;
	layout->unicode_ascii_size = object_size + 24;
	layout->unicode_compact_size = object_size + 40;
	/* Without the GIL whether a string is interned is a byte of its own (3.14). */
	layout->unicode_kind_shift =
		layout->free_threaded && layout->version >= PYTHON_VERSION(14) ? 8 : 2;
}

/**
 * Where 3.13 and 3.14 have what marks need, which they do not publish: if what they do publish has
 * not moved around it. Frames of later versions are not marked.
 */
static void set_marks(struct python_layout *layout, uint16_t object_size)
{
	if (layout->version >= PYTHON_VERSION(15) || layout->thread_frame != 72
	    || layout->thread_id != 152 || layout->frame_previous != 8 || layout->frame_code != 0
	    || layout->frame_instruction != 56) {
		layout->mark_form = PYTHON_MARK_NONE;
		return;
	}
	layout->mark_form = PYTHON_MARK_LOCALS;
	layout->thread_tracing = 60;
	layout->frame_mark = 40;
	layout->code_flags = object_size + 32;
}

bool python_layout_of_runtime(const void *runtime, struct python_layout *ret)
{
	const uint64_t *slots = runtime;
	if (!python_layout_is_published(runtime)) {
		return false;
	}
	size_t at = SLOT_FIRST;
	const uint64_t *thread = find_group(slots, &at, is_thread_group);
	const uint64_t *frame = thread != NULL ? find_group(slots, &at, is_frame_group) : NULL;
	const uint64_t *code = frame != NULL ? find_group(slots, &at, is_code_group) : NULL;
	bool free_threaded = slots[SLOT_FREE_THREADED] != 0;
	if (code == NULL || slots[SLOT_VERSION] < PYTHON_VERSION(13)
	    || slots[SLOT_VERSION] >= 0x04000000u) {
		return false;
	}
	/* From 3.14 on each thread without the GIL has its own bytecode, and both groups one field
	   more for it: what the object group follows tells which it is. */
	bool has_tlbc = false;
	if (!is_object_group(&code[10], free_threaded)) {
		has_tlbc = free_threaded;
		if (!is_object_group(&code[11], free_threaded)) {
			return false;
		}
	}
	struct python_layout layout = {
		.version = (uint32_t)slots[SLOT_VERSION],
		.free_threaded = free_threaded,
		.instruction_form = PYTHON_INSTRUCTION_POINTER,
		.line_format = LINES_LOCATIONS,
		.first_shim_owner = 3,
		.thread_frame = (uint16_t)thread[4],
		.cframe_frame = NO_FIELD,
		.thread_id = thread[5] < thread[0] ? (uint16_t)thread[5] : NO_FIELD,
		.frame_previous = (uint16_t)frame[1],
		.frame_code = (uint16_t)frame[2],
		.frame_instruction = (uint16_t)frame[3],
		.frame_owner = (uint16_t)frame[5],
		.frame_tlbc_index = has_tlbc ? (uint16_t)code[-1] : NO_FIELD,
		.code_filename = (uint16_t)code[1],
		.code_qualname = (uint16_t)code[3],
		.code_first_line = (uint16_t)code[5],
		.code_lines = (uint16_t)code[4],
		.code_bytecode = (uint16_t)code[9],
		.code_tlbc = has_tlbc ? (uint16_t)code[10] : NO_FIELD,
	};
	if (!free_threaded && layout.frame_instruction == 56) {
		layout.shape = PYTHON_SHAPE_3_12;
	}
	set_objects(&layout, free_threaded ? 32 : 16);
	set_marks(&layout, free_threaded ? 32 : 16);
	*ret = layout;
	return true;
}
