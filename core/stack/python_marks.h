// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Marks in frames, so that a walk of a deep stack ends where nothing can have changed.
 *
 * A frame below a live call waits for it and can neither run nor be linked to another. So when a
 * walk, which goes from the innermost frame outwards, comes to a frame that is still in the same
 * call as when we marked it, what lies outside of it is as it was then: as the cache has it.
 * What makes a mark sound is that the interpreter takes it away, whatever happens, before the frame
 * can belong to another call. Nobody but it and us writes there.
 *
 *   up to 3.10  f_trace_lines, which every new frame sets to 1. We make it another true value. Not
 *               in frames of generators, which one call after the other resumes.
 *   3.11, 3.12  the slot of the frame's own stack at stacktop, while the frame waits for a call
 *               that its bytecode made without C in between. The call's operands were popped: they
 *               stood in that slot, so what the bytecode put there before any such call was an
 *               object or NULL, never our odd number. stacktop bounds what the interpreter reads
 *               of the stack (_PyFrame_Traverse, _PyFrame_Copy), and the result goes into the slot.
 *               Two instructions that enter a frame pop nothing. FOR_ITER enters a generator's:
 *               its owner tells. 3.12's LOAD_ATTR of a method that is a property has put NULL
 *               below: see mark_slot.
 *   from 3.13   f_locals, which a new frame of a function has NULL and nothing uses (PEP 667). We
 *               make it None, which is not counted any more; IMPORT_NAME takes NULL for None.
 *               Not in frames of generators, nor of modules and classes, which do use it.
 *
 * One thing can move a frame that waits: a debugger, in a callback, with f_lineno. There we mark
 * and trust nothing; nor in the frames of another thread's state. Where a stack is verified as fast
 * without marks, none are set (python_cache.mark_every).
 *
 * Not seen are frames that are moved, up to 3.10, from code below sys.call_tracing; and in 3.10
 * from any code, once it has set their f_trace. They are shown where they were until the next one
 * ends.
 *
 * For the files of this folder only.
 */
#ifndef CORE_STACK_PYTHON_MARKS_H
#define CORE_STACK_PYTHON_MARKS_H

#include "core/stack/python_object.h"

/** f_trace_lines of a frame that is marked. */
#define MARK_TRUE 0x81

/** Where a mark is: constants, where the version is one that has them compiled in. */
struct mark_place {
	uint8_t form; /* enum python_mark_form */
	unsigned field;
	unsigned owner;
	/** 3.11: a byte that is not 0 if the frame was entered from C. 0: none. */
	unsigned entry;
	/** 3.12: its code, and in that how many variables lie below the stack. */
	unsigned code;
	unsigned variables;
};

attr_inline struct mark_place mark_place(const struct python_layout *layout)
{
	bool has_entry = layout->version < PYTHON_VERSION(12);
	return (struct mark_place){ layout->mark_form, layout->frame_mark, layout->frame_owner,
				    has_entry ? layout->frame_owner - 1u : 0, layout->frame_code,
				    layout->code_variables };
}

/** The number in the slots that this cache has marked: no object's address is odd. */
attr_inline uintptr_t mark_number(const struct python_cache *cache)
{
	return (uintptr_t)cache | 1;
}

/**
 * 3.11 and 3.12: the offset of the slot that carries the mark of a frame; 0 if it cannot, as it
 * does not wait for a frame that its bytecode called.
 *
 * @param callee  The frame that is linked to it; 0: none.
 */
attr_inline unsigned mark_slot(struct mark_place place, uintptr_t frame, uintptr_t callee)
{
	if (callee == 0 || object_u8(callee, place.owner) != 0
	    || (place.entry != 0 && object_u8(callee, place.entry) != 0)) {
		return 0;
	}
	/* While it is in C it has -1 there. */
	uint32_t top = object_u32(frame, place.field);
	unsigned slot = place.field + 8 + 8 * top;
	if (top > UINT16_MAX) {
		return 0;
	}
	if (place.entry == 0 && object_word(frame, slot - 8) == 0) {
		/* The property's NULL, or a variable without a value. */
		uintptr_t code = object_word(frame, place.code);
		return top == object_u32(code, place.variables) ? slot : 0;
	}
	return slot;
}

/** True if a frame is in the same call as when its position in this cache was marked. */
attr_inline bool mark_holds(const struct python *python, const struct python_cache *cache,
			    struct mark_place place, uintptr_t frame, uintptr_t callee)
{
	unsigned slot;
	switch ((enum python_mark_form)place.form) {
	case PYTHON_MARK_TRACE_LINES:
		return object_u8(frame, place.field) == MARK_TRUE;
	case PYTHON_MARK_SLOT:
		slot = mark_slot(place, frame, callee);
		return slot != 0 && object_word(frame, slot) == mark_number(cache);
	case PYTHON_MARK_LOCALS:
		return object_word(frame, place.field) == (uintptr_t)python->symbols.none;
	case PYTHON_MARK_NONE:
		break;
	}
	return false;
}

/** True in a trace, profile or monitoring callback, and from 3.11 on in all that it calls. */
attr_inline bool in_callback(const struct python_layout *layout, uintptr_t thread)
{
	if (object_u32(thread, layout->thread_tracing) != 0) {
		return true;
	}
	/* sys.call_tracing makes that 0, but the event beside it stays, which f_lineno asks for. */
	uint32_t no_event = layout->version >= PYTHON_VERSION(12) ? UINT32_MAX : 0;
	return layout->version >= PYTHON_VERSION(11)
		&& object_u32(thread, layout->thread_tracing + 4u) != no_event;
}

/** True if marks may be set and trusted in the frames of a state now. */
attr_inline bool marks_are_trusted(const struct python *python, uintptr_t thread,
				   const struct python_cache *cache)
{
	return !in_callback(&python->layout, thread)
		&& object_word(thread, python->layout.thread_id) == cache->identity;
}

/**
 * Mark some of the positions from low + 1 to high: frames that wait, and that this walk has found
 * as the one before had left them. Marks above low are gone.
 */
void python_marks_set(struct python *python, uintptr_t thread, struct python_cache *cache,
		      uint32_t low, uint32_t high);

#endif
