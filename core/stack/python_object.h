// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Loads from the interpreter's objects, by offset. For the files of this folder only. */
#ifndef CORE_STACK_PYTHON_OBJECT_H
#define CORE_STACK_PYTHON_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/attributes.h"
#include "core/stack/python.h"

/** The pointer-sized word at an offset of the object at an address. */
attr_inline uintptr_t object_word(uintptr_t object, unsigned offset)
{
	uintptr_t word;
	memcpy(&word, (const char *)object + offset, sizeof(word));
	return word;
}

attr_inline uint32_t object_u32(uintptr_t object, unsigned offset)
{
	uint32_t word;
	memcpy(&word, (const char *)object + offset, sizeof(word));
	return word;
}

attr_inline uint8_t object_u8(uintptr_t object, unsigned offset)
{
	return *((const uint8_t *)object + offset);
}

/** From 3.14 on references in frames carry tags in their lowest bits; no object lies there. */
attr_inline uintptr_t object_untag(uintptr_t reference)
{
	return reference & ~(uintptr_t)7;
}

/** A state's current frame, 0 if it has none. */
attr_inline uintptr_t thread_frame(const struct python_layout *layout, uintptr_t thread)
{
	uintptr_t frame = object_word(thread, layout->thread_frame);
	if (layout->cframe_frame != PYTHON_NO_FIELD && frame != 0) {
		frame = object_word(frame, layout->cframe_frame);
	}
	return frame;
}

/** What a frame runs. */
enum frame_kind {
	FRAME_CODE,   /* a code object */
	FRAME_HIDDEN, /* the interpreter's own */
	FRAME_STRANGE /* neither: the layout is wrong */
};

/**
 * Test the layout on the stack of the calling thread, with reads that cannot fault: its innermost
 * frames must be linked and run code objects whose name, file and lines are what they should be.
 * Settles where the layout left a choice. Sets python->probed, or python->state.
 */
void python_probe(struct python *python, uintptr_t thread);

#endif
