// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The one test of a layout on the interpreter at hand, before any stack is read with it: patched
 * interpreters report the version that they were forked from, and versions newer than this source
 * are read by offsets that they publish. Every load is asked of the kernel first.
 */
#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/stack/python_object.h"

#define FRAMES_PROBED 8

/* Where the 3 bits of a str's kind can be in its state word: see unicode_kind_shift. */
static const uint8_t kind_shifts[] = { 2, 8 };

/** True if the 8 bytes at address can be read: the kernel copies them before it refuses -1. */
static bool is_mapped(uintptr_t address)
{
	const long efault = -14;
	return address >= 4096 && sys_call4(SYS_rt_sigprocmask, -1, address, 0, 8) != efault;
}

static bool probe_word(uintptr_t object, unsigned offset, uintptr_t *ret)
{
	if (!is_mapped(object + offset)) {
		return false;
	}
	*ret = object_word(object, offset);
	return true;
}

/** True if object can be read and is of a type. */
static bool probe_type(const struct python_layout *layout, uintptr_t object, const void *type)
{
	uintptr_t found;
	return probe_word(object, layout->object_type, &found) && found == (uintptr_t)type;
}

/** True if a str with kind at shift looks right: kind, compact, and the zero behind its data. */
static bool probe_text_shift(const struct python_layout *layout, uintptr_t object, unsigned shift)
{
	uintptr_t length, state;
	if (!probe_word(object, layout->unicode_length, &length)
	    || !probe_word(object, layout->unicode_state, &state) || length > 65536) {
		return false;
	}
	unsigned width = state >> shift & 7;
	bool is_compact = (state >> (shift + 3) & 1) != 0;
	bool is_ascii = (state >> (shift + 4) & 1) != 0;
	if (!is_compact || (width != 1 && width != 2 && width != 4)) {
		return false;
	}
	uintptr_t end = object + length * width
		+ (is_ascii ? layout->unicode_ascii_size : layout->unicode_compact_size);
	return is_mapped(end - 7) && object_u8(end, 0) == 0;
}

static bool probe_text(struct python *python, uintptr_t object)
{
	struct python_layout *layout = &python->layout;
	if (!probe_type(layout, object, python->symbols.unicode_type)) {
		return false;
	}
	if (probe_text_shift(layout, object, layout->unicode_kind_shift)) {
		return true;
	}
	for (size_t i = 0; i < countof(kind_shifts); i++) {
		if (probe_text_shift(layout, object, kind_shifts[i])) {
			layout->unicode_kind_shift = kind_shifts[i];
			return true;
		}
	}
	return false;
}

/** True if an instruction's address lies in the code object, or just before its first. */
static bool probe_instruction(const struct python_layout *layout, uintptr_t frame, uintptr_t code)
{
	uintptr_t instruction, units;
	if (layout->instruction_form != PYTHON_INSTRUCTION_POINTER
	    || layout->code_tlbc != PYTHON_NO_FIELD) {
		return is_mapped(frame + layout->frame_instruction);
	}
	/* A code object's ob_size, where a bytes object has its own, counts 2-byte units. */
	return probe_word(frame, layout->frame_instruction, &instruction)
		&& probe_word(code, layout->bytes_size, &units) && units < INT32_MAX
		&& instruction + 2 - (code + layout->code_bytecode) <= (units + 1) * 2;
}

static bool probe_code(struct python *python, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python->layout;
	uintptr_t filename, qualname, lines;
	return probe_word(code, layout->code_filename, &filename)
		&& probe_word(code, layout->code_qualname, &qualname)
		&& probe_word(code, layout->code_lines, &lines) && probe_text(python, filename)
		&& probe_text(python, qualname)
		&& probe_type(layout, lines, python->symbols.bytes_type)
		&& probe_instruction(layout, frame, code);
}

/** The kind of a frame, and its code object; FRAME_STRANGE for whatever is not as it should be. */
static enum frame_kind probe_frame(struct python *python, uintptr_t frame)
{
	const struct python_layout *layout = &python->layout;
	uintptr_t code, owner = 0;
	if (!probe_word(frame, layout->frame_code, &code)
	    || (layout->frame_owner != PYTHON_NO_FIELD
		&& !probe_word(frame, layout->frame_owner, &owner))) {
		return FRAME_STRANGE;
	}
	code = object_untag(code);
	if ((owner & 0xff) >= layout->first_shim_owner || code == (uintptr_t)python->symbols.none) {
		return FRAME_HIDDEN;
	}
	bool is_code = probe_type(layout, code, python->symbols.code_type)
		&& probe_code(python, frame, code);
	return is_code ? FRAME_CODE : FRAME_STRANGE;
}

static bool probe_first_frame(const struct python_layout *layout, uintptr_t thread, uintptr_t *ret)
{
	uintptr_t frame;
	if (!probe_word(thread, layout->thread_frame, &frame)) {
		return false;
	}
	if (layout->cframe_frame != PYTHON_NO_FIELD && frame != 0
	    && !probe_word(frame, layout->cframe_frame, &frame)) {
		return false;
	}
	*ret = frame;
	return true;
}

/** How many of the thread's innermost frames run code; -1 if one is not what it should be. */
static int probe_frames(struct python *python, uintptr_t thread)
{
	uintptr_t frame;
	int with_code = 0;
	if (!probe_first_frame(&python->layout, thread, &frame)) {
		return -1;
	}
	for (int i = 0; i < FRAMES_PROBED && frame != 0; i++) {
		enum frame_kind kind = probe_frame(python, frame);
		with_code += kind == FRAME_CODE;
		if (kind == FRAME_STRANGE
		    || !probe_word(frame, python->layout.frame_previous, &frame)) {
			return -1;
		}
	}
	return with_code;
}

void python_probe(struct python *python, uintptr_t thread)
{
	int with_code = probe_frames(python, thread);
	if (with_code < 0) {
		store_release(&python->state, PYTHON_UNREADABLE);
	} else if (with_code > 0) {
		python->first_thread = thread;
		/* Pairs with the load in python_walk: the layout may have been settled. */
		store_release(&python->probed, 1);
	}
}
