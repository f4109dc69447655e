// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/python.h"

#include "core/base/attributes.h"
#include "core/stack/line_table.h"

#include <stdlib.h>
#include <string.h>

/* PyThreadState begins with prev and next (Include/cpython/pystate.h). */
#define THREAD_PREVIOUS 0
#define THREAD_NEXT 8
/** A list that is longer is none. */
#define THREADS_MAX 100000
/* struct _PyCFrame of 3.11, Include/cpython/pystate.h: current_frame, previous. */
#define C_FRAME_CURRENT 8
#define C_FRAME_PREVIOUS 16

#define NAME_BYTES_MAX 4096u
#define LINES_BYTES_MAX ((size_t)1 << 20)

bool remote_python_open(struct remote_python *python, struct remote_memory *memory,
			uint64_t address)
{
	python->memory = memory;
	return address && remote_bytes(memory, address, &python->known, sizeof(python->known))
		&& python->known.state == PYTHON_ATTACHED && python->known.probed == 1;
}

bool remote_python_holds(const struct remote_python *python, uint64_t address)
{
	return address >= python->known.image_start && address < python->known.image_end;
}

/* ---- threads ---- */

/** The state of a thread, 0 if it has none. */
static uint64_t find_thread(struct remote_python *python, uint64_t identity)
{
	uint64_t state = python->known.first_thread;
	for (int i = 0; i < THREADS_MAX; i++) {
		uint64_t previous = remote_word(python->memory, state + THREAD_PREVIOUS);
		if (!previous) {
			break;
		}
		state = previous;
	}
	for (int i = 0; state && i < THREADS_MAX; i++) {
		if (remote_word(python->memory, state + python->known.layout.thread_id)
		    == identity) {
			return state;
		}
		state = remote_word(python->memory, state + THREAD_NEXT);
	}
	return 0;
}

static bool has_c_frames(const struct python_layout *layout)
{
	return layout->version >= PYTHON_VERSION(11) && layout->version < PYTHON_VERSION(12);
}

/** The current frame of a thread: see thread_frame() of core/stack/python_object.h. */
static uint64_t current_frame(struct remote_python *python, uint64_t state)
{
	const struct python_layout *layout = &python->known.layout;
	uint64_t frame = remote_word(python->memory, state + layout->thread_frame);
	return layout->cframe_frame != PYTHON_NO_FIELD && frame
		? remote_word(python->memory, frame + layout->cframe_frame)
		: frame;
}

/* ---- frames ---- */

static uint64_t untag(uint64_t reference)
{
	return reference & ~(uint64_t)7;
}

/** Start of the bytecode that a frame runs: from 3.14 on, without the GIL, a thread's own copy. */
static uint64_t bytecode_of(struct remote_python *python, const struct remote_python_frame *frame)
{
	const struct python_layout *layout = &python->known.layout;
	if (layout->code_tlbc != PYTHON_NO_FIELD) {
		uint64_t copies = remote_word(python->memory, frame->code + layout->code_tlbc);
		uint32_t index =
			remote_u32(python->memory, frame->frame + layout->frame_tlbc_index);
		if (copies && index < remote_word(python->memory, copies)) {
			return remote_word(python->memory, copies + 8 * (1 + (uint64_t)index));
		}
	}
	return frame->code + layout->code_bytecode;
}

static uint32_t instruction_offset(struct remote_python *python,
				   const struct remote_python_frame *frame)
{
	const struct python_layout *layout = &python->known.layout;
	uint64_t at = frame->frame + layout->frame_instruction;
	uint64_t offset;
	if (layout->instruction_form == PYTHON_INSTRUCTION_POINTER) {
		offset = remote_word(python->memory, at) - bytecode_of(python, frame);
	} else {
		offset = remote_u32(python->memory, at);
		offset = layout->instruction_form == PYTHON_INSTRUCTION_UNITS
			? (uint32_t)offset * 2
			: offset;
	}
	/* Before the first instruction it is negative. */
	return offset <= INT32_MAX ? (uint32_t)offset : 0;
}

static bool is_of_type(struct remote_python *python, uint64_t object, const void *type)
{
	return object
		&& remote_word(python->memory, object + python->known.layout.object_type)
		== (uintptr_t)type;
}

/** See classify() of core/stack/python_walk.c. False: there is no such frame. */
static bool read_frame(struct remote_python *python, uint64_t address,
		       struct remote_python_frame *ret)
{
	const struct python_layout *layout = &python->known.layout;
	uint64_t code = untag(remote_word(python->memory, address + layout->frame_code));
	bool is_shim = layout->frame_owner != PYTHON_NO_FIELD
		&& remote_u8(python->memory, address + layout->frame_owner)
			>= layout->first_shim_owner;
	*ret = (struct remote_python_frame){ .frame = address, .code = code };
	if (is_shim || !code || code == (uintptr_t)python->known.symbols.none) {
		ret->is_hidden = true;
		return true;
	}
	if (!is_of_type(python, code, python->known.symbols.code_type)) {
		return false;
	}
	/* 3.13's frame that only waits for an __init__ to return. */
	ret->is_hidden = remote_python_holds(python, code) && layout->version >= PYTHON_VERSION(13)
		&& remote_u32(python->memory, code + layout->code_first_line) == 0;
	ret->offset = instruction_offset(python, ret);
	return true;
}

static size_t frame_count(const struct remote_python_stack *stack)
{
	return stack->frames.len / sizeof(struct remote_python_frame);
}

static const struct remote_python_frame *frame_at(const struct remote_python_stack *stack, size_t i)
{
	return (const struct remote_python_frame *)stack->frames.data + i;
}

static void read_frames(struct remote_python *python, uint64_t state,
			struct remote_python_stack *stack)
{
	uint64_t address = current_frame(python, state);
	for (unsigned i = 0; address && i < REMOTE_PYTHON_FRAMES_MAX; i++) {
		struct remote_python_frame frame;
		if (!read_frame(python, address, &frame)) {
			return;
		}
		buffer_append(&stack->frames, &frame, sizeof(frame));
		address = remote_word(python->memory,
				      address + python->known.layout.frame_previous);
	}
}

/* ---- calls of the loop ---- */

static void add_call(struct remote_python_stack *stack, uint64_t address, size_t first, size_t end)
{
	struct remote_python_call call = { address, first, end };
	buffer_append(&stack->calls, &call, sizeof(call));
}

/** 3.11: a call's frames end where the frame begins that the call outside of it is at. */
static void split_by_c_frames(struct remote_python *python, uint64_t state,
			      struct remote_python_stack *stack)
{
	uint64_t c_frame = remote_word(python->memory, state + python->known.layout.thread_frame);
	size_t first = 0;
	while (c_frame && first < frame_count(stack)) {
		uint64_t outer = remote_word(python->memory, c_frame + C_FRAME_PREVIOUS);
		uint64_t frame = outer ? remote_word(python->memory, outer + C_FRAME_CURRENT) : 0;
		size_t end = first;
		while (end < frame_count(stack) && frame_at(stack, end)->frame != frame) {
			end++;
		}
		add_call(stack, c_frame, first, end);
		c_frame = outer;
		first = end;
	}
}

/** From 3.12 on a call's outermost frame is one of its own that lies on the C stack. */
static void split_by_first_frames(struct remote_python_stack *stack)
{
	size_t first = 0;
	for (size_t i = 0; i < frame_count(stack); i++) {
		if (frame_at(stack, i)->is_hidden) {
			add_call(stack, frame_at(stack, i)->frame, first, i + 1);
			first = i + 1;
		}
	}
	if (first < frame_count(stack)) {
		add_call(stack, 0, first, frame_count(stack));
	}
}

static void split(struct remote_python *python, uint64_t state, struct remote_python_stack *stack)
{
	const struct python_layout *layout = &python->known.layout;
	if (has_c_frames(layout)) {
		split_by_c_frames(python, state, stack);
	} else if (layout->version >= PYTHON_VERSION(12)) {
		split_by_first_frames(stack);
	} else {
		for (size_t i = 0; i < frame_count(stack); i++) {
			add_call(stack, 0, i, i + 1);
		}
	}
}

void remote_python_read(struct remote_python *python, uint64_t identity,
			struct remote_python_stack *stack)
{
	uint64_t state = find_thread(python, identity);
	buffer_clear(&stack->frames);
	buffer_clear(&stack->calls);
	if (state) {
		read_frames(python, state, stack);
		split(python, state, stack);
	}
}

void remote_python_stack_done(struct remote_python_stack *stack)
{
	buffer_done(&stack->frames);
	buffer_done(&stack->calls);
}

/* ---- what a frame shows ---- */

/** See describe_text() of core/stack/python_code.c. */
static bool append_text(struct remote_python *python, uint64_t object, struct buffer *to)
{
	const struct python_layout *layout = &python->known.layout;
	if (!is_of_type(python, object, python->known.symbols.unicode_type)) {
		return false;
	}
	uint32_t state = remote_u32(python->memory, object + layout->unicode_state)
		>> layout->unicode_kind_shift;
	uint64_t length = remote_word(python->memory, object + layout->unicode_length);
	bool is_compact = (state >> 3 & 1) != 0;
	struct python_text text = { .width = state & 7, .is_ascii = (state >> 4 & 1) != 0 };
	if (!is_compact || (text.width != 1 && text.width != 2 && text.width != 4)) {
		return false;
	}
	uint32_t points[NAME_BYTES_MAX];
	text.length = length < NAME_BYTES_MAX ? length : NAME_BYTES_MAX;
	text.data = points;
	uint64_t at = object
		+ (text.is_ascii ? layout->unicode_ascii_size : layout->unicode_compact_size);
	char bytes[NAME_BYTES_MAX];
	if (!remote_bytes(python->memory, at, points, text.length * text.width)) {
		return false;
	}
	buffer_append(to, bytes, python_text_utf8(&text, bytes, sizeof(bytes)));
	buffer_append_char(to, 0);
	return true;
}

/** The line of a frame; that of the code as a whole where the instruction has none. */
static uint32_t line_of(struct remote_python *python, const struct remote_python_frame *frame)
{
	const struct python_layout *layout = &python->known.layout;
	uint64_t lines = remote_word(python->memory, frame->code + layout->code_lines);
	int32_t first = (int32_t)remote_u32(python->memory, frame->code + layout->code_first_line);
	uint32_t line = 0;
	uint64_t len = is_of_type(python, lines, python->known.symbols.bytes_type)
		? remote_word(python->memory, lines + layout->bytes_size)
		: 0;
	unsigned char *table = len && len <= LINES_BYTES_MAX ? malloc(len) : NULL;
	if (table && remote_bytes(python->memory, lines + layout->bytes_data, table, len)) {
		struct line_cursor cursor;
		line_cursor_init(&cursor, layout->line_format, table, len, first);
		line = line_cursor_find(&cursor, frame->offset);
	}
	free(table);
	return line || first < 0 ? line : (uint32_t)first;
}

bool remote_python_describe(struct remote_python *python, const struct remote_python_frame *frame,
			    struct buffer *file, struct buffer *function, uint32_t *ret_line)
{
	const struct python_layout *layout = &python->known.layout;
	*ret_line = line_of(python, frame);
	return append_text(python,
			   remote_word(python->memory, frame->code + layout->code_filename), file)
		&& append_text(python,
			       remote_word(python->memory, frame->code + layout->code_qualname),
			       function);
}
