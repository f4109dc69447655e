// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_marks.h"

#include "core/base/attributes.h"

/* Include/cpython/code.h, the same in every version. */
#define CODE_OPTIMIZED 0x0001u
/* Of generators, coroutines, decorated ones, asynchronous generators. */
#define CODE_RESUMABLE (0x0020u | 0x0080u | 0x0100u | 0x0200u)

/** Where no frame can be marked: walks until that is tried again. */
#define WALKS_BETWEEN 64u
/** Positions that are tried for one mark. */
#define TRIES 4u

static void put_word(uintptr_t frame, unsigned offset, uintptr_t word)
{
	memcpy((char *)frame + offset, &word, sizeof(word));
}

/** True if each call of a frame's code has a frame of its own. */
static bool has_frame_per_call(const struct python *python, uintptr_t code)
{
	return (object_u32(code, python->layout.code_flags) & CODE_RESUMABLE) == 0;
}

static bool mark_trace_lines(const struct python *python, uintptr_t frame, uintptr_t code)
{
	unsigned field = python->layout.frame_mark;
	uint8_t was = object_u8(frame, field);
	if (!has_frame_per_call(python, code) || (was != 1 && was != MARK_TRUE)) {
		return false;
	}
	*((uint8_t *)frame + field) = MARK_TRUE;
	return true;
}

static bool mark_locals(const struct python *python, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python->layout;
	bool is_function = (object_u32(code, layout->code_flags) & CODE_OPTIMIZED) != 0;
	uintptr_t none = (uintptr_t)python->symbols.none;
	uintptr_t was = object_word(frame, layout->frame_mark);
	if (!is_function || !has_frame_per_call(python, code)
	    || object_u8(frame, layout->frame_owner) != 0 || (was != 0 && was != none)) {
		return false;
	}
	put_word(frame, layout->frame_mark, none);
	return true;
}

static bool mark_empty_slot(const struct python *python, const struct python_cache *cache,
			    uintptr_t frame, uintptr_t code, uintptr_t callee)
{
	const struct python_layout *layout = &python->layout;
	unsigned slot = mark_slot(mark_place(layout), frame, callee);
	uint32_t top = object_u32(frame, layout->frame_mark);
	uint32_t variables = object_u32(code, layout->code_variables);
	if (slot == 0 || top < variables
	    || top - variables >= object_u32(code, layout->code_stack)) {
		return false;
	}
	put_word(frame, slot, mark_number(cache));
	return true;
}

/** Mark the frame of a position that waits. False if it is of a kind that cannot be marked. */
static bool mark_frame(const struct python *python, const struct python_cache *cache, uint32_t i)
{
	uintptr_t frame = cache->frame[i];
	uintptr_t code = cache->code[i];
	if (python_cache_hidden(cache, i)) {
		return false;
	}
	switch ((enum python_mark_form)python->layout.mark_form) {
	case PYTHON_MARK_TRACE_LINES:
		return mark_trace_lines(python, frame, code);
	case PYTHON_MARK_SLOT:
		return mark_empty_slot(python, cache, frame, code, cache->frame[i + 1]);
	case PYTHON_MARK_LOCALS:
		return mark_locals(python, frame, code);
	case PYTHON_MARK_NONE:
		break;
	}
	return false;
}

/**
 * Mark position high, or one of the next outside of it, but none up to low. The innermost position
 * that is marked now, or low.
 */
static uint32_t mark_near(const struct python *python, struct python_cache *cache, uint32_t low,
			  uint32_t high)
{
	for (uint32_t i = high; i > low && i + TRIES > high; i--) {
		if (mark_frame(python, cache, i)) {
			cache->mark[cache->marks++] = i;
			return i;
		}
	}
	return low;
}

void attr_noinline python_marks_set(struct python *python, uintptr_t thread,
				    struct python_cache *cache, uint32_t low, uint32_t high)
{
	if (cache->walks_unmarked != 0) {
		cache->walks_unmarked--;
		return;
	}
	if (python->layout.mark_form == PYTHON_MARK_NONE || python->symbols.thread_self == NULL) {
		return;
	}
	cache->identity = python->symbols.thread_self();
	if (!marks_are_trusted(python, thread, cache)) {
		return;
	}
	cache->walks_unmarked = WALKS_BETWEEN;
	uint32_t last = low;
	for (uint32_t i = low + cache->mark_every; i < high; i += cache->mark_every) {
		last = mark_near(python, cache, last, i);
	}
	if (mark_near(python, cache, last, high) != low) {
		cache->walks_unmarked = 0;
	}
}
