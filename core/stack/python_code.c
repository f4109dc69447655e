// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python.h"

#include "core/stack/python_object.h"

/** True if object is of a type of the interpreter's. */
static bool is_of_type(const struct python_layout *layout, uintptr_t object, const void *type)
{
	return object != 0 && object_word(object, layout->object_type) == (uintptr_t)type;
}

static bool describe_text(const struct python *python, uintptr_t object, struct python_text *ret)
{
	const struct python_layout *layout = &python->layout;
	if (!is_of_type(layout, object, python->symbols.unicode_type)) {
		return false;
	}
	uint32_t state = object_u32(object, layout->unicode_state) >> layout->unicode_kind_shift;
	unsigned width = state & 7;
	bool is_compact = (state >> 3 & 1) != 0;
	bool is_ascii = (state >> 4 & 1) != 0;
	if (!is_compact || (width != 1 && width != 2 && width != 4)) {
		return false;
	}
	ret->data = (const char *)object
		+ (is_ascii ? layout->unicode_ascii_size : layout->unicode_compact_size);
	ret->length = object_word(object, layout->unicode_length);
	ret->width = (uint8_t)width;
	ret->is_ascii = is_ascii;
	return true;
}

bool python_describe_code(const struct python *python, uintptr_t code,
			  struct python_code_info *ret)
{
	const struct python_layout *layout = &python->layout;
	struct python_code_info info = { .line_format = layout->line_format };
	uintptr_t lines = object_word(code, layout->code_lines);
	if (!describe_text(python, object_word(code, layout->code_filename), &info.filename)
	    || !describe_text(python, object_word(code, layout->code_qualname), &info.qualname)
	    || !is_of_type(layout, lines, python->symbols.bytes_type)) {
		return false;
	}
	info.lines = (const char *)lines + layout->bytes_data;
	info.lines_bytes = object_word(lines, layout->bytes_size);
	info.first_line = (int32_t)object_u32(code, layout->code_first_line);
	*ret = info;
	return true;
}
