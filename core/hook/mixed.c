// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/mixed.h"

#include "core/base/atomic.h"
#include "core/hook/frame.h"
#include "core/hook/hook.h"
#include "core/stack/python_calls.h"

/** Frames of others than the interpreter in a launcher: _start, main, and the C library's. */
#define LAUNCHER_FRAMES 4u

/** Both stacks being matched: which native frames are calls of the interpreter's loop. */
struct matching {
	struct native_cache *native;
	struct stack_frames frames;
	/** How many outermost native positions are as they were. */
	uint32_t unchanged;
	/** The outermost native position whose node has to be found anew. */
	uint32_t dirty;
	/** Native positions from here on have been looked at. */
	uint32_t at;
};

attr_inline void set_dirty(struct matching *matching, uint32_t position)
{
	if (position < matching->dirty) {
		matching->dirty = position;
	}
}

/** Say what a native position is: it runs Python positions [first, end), or none. */
static void mark(struct matching *matching, uint32_t position, uint32_t first, uint32_t end)
{
	struct native_frame *frame = &matching->native->frame[position];
	if (frame->python_first != first || frame->python_end != end) {
		frame->python_first = first;
		frame->python_end = end;
		set_dirty(matching, position);
	}
}

static bool runs_python(const struct native_frame *frame)
{
	return frame->python_end != 0;
}

/** Is the call in the C frame at a position? The frame reaches up to its caller's. */
static bool holds_call(const struct native_cache *native, uint32_t position,
		       const struct python_call *call)
{
	const struct native_frame *frame = &native->frame[position];
	if (call->address == 0) {
		return frame->class == CLASS_EVAL;
	}
	return call->address >= frame->sp
		&& (position == 0 || call->address < native->frame[position - 1].sp);
}

/** True if what lies outside of a call was matched the last time and is as it was. */
static bool is_settled(const struct matching *matching, const struct python_call *call)
{
	return matching->at < matching->unchanged
		&& call->first < matching->frames.unchanged;
}

/** Where the Python positions of a call begin that was found at a native position. */
static uint32_t first_of(const struct matching *matching, uint32_t position,
			 const struct python_call *call)
{
	const struct native_frame *frame = &matching->native->frame[position];
	/* It may have been given the rest, and has it still. */
	return is_settled(matching, call) && runs_python(frame) ? frame->python_first : call->first;
}

/** Find the next position outwards that a call is at, and mark it; false if it is nowhere. */
static bool place_call(struct matching *matching, const struct python_call *call)
{
	while (matching->at > 0) {
		uint32_t position = --matching->at;
		if (holds_call(matching->native, position, call)) {
			mark(matching, position, first_of(matching, position, call), call->end);
			if (call->end > matching->frames.unchanged) {
				set_dirty(matching, position);
			}
			return true;
		}
		mark(matching, position, 0, 0);
	}
	return false;
}

/** Python positions [0, end) belong to no call that was found: the outermost shows them. */
static void give_rest(struct matching *matching, uint32_t end)
{
	while (matching->at > 0) {
		mark(matching, --matching->at, 0, 0);
	}
	for (uint32_t i = 0; end > 0 && i < matching->native->depth; i++) {
		struct native_frame *frame = &matching->native->frame[i];
		if (runs_python(frame)) {
			mark(matching, i, 0, frame->python_end);
			return;
		}
	}
}

/** Give each Python position to a native one; but if no call is found, which is then seen. */
static void match(struct matching *matching, struct thread *self, void *state)
{
	const struct native_frame *frames = self->native.frame;
	struct python_calls calls;
	struct python_call call;
	uint32_t rest = matching->frames.depth;
	python_calls_begin(&calls, &hook.python, state, &self->python,
			   frames[matching->native->depth - 1].sp, frames[0].sp);
	while (python_calls_next(&calls, &call) && place_call(matching, &call)) {
		rest = call.first;
		if (is_settled(matching, &call)) {
			return;
		}
	}
	give_rest(matching, rest);
}

/** The innermost position that runs Python; the number of positions, if none does. */
static uint32_t innermost_call(const struct native_cache *native)
{
	for (uint32_t i = native->depth; i > 0; i--) {
		if (runs_python(&native->frame[i - 1])) {
			return i - 1;
		}
	}
	return native->depth;
}

/** True if positions outside of the first call are those that start an interpreter. */
static bool begins_as_a_launcher(const struct native_cache *native)
{
	unsigned others = 0;
	for (uint32_t i = 0; i < native->depth && !runs_python(&native->frame[i]); i++) {
		others += native->frame[i].class == CLASS_CODE;
	}
	return hook.python_is_resident && others <= LAUNCHER_FRAMES;
}

/**
 * The node of the Python frames that a call runs, which stand on base. Of those that are unchanged
 * it is what it was, if they stood on that then: all that a node says is what leads to it.
 */
static uint32_t python_nodes(struct python_cache *cache, const struct native_frame *frame,
			     uint32_t base, uint32_t unchanged)
{
	uint32_t known = unchanged < frame->python_end ? unchanged : frame->python_end;
	bool is_known = known > frame->python_first && cache->base[known - 1] == base;
	uint32_t node = is_known ? cache->node[known - 1] : base;
	for (uint32_t i = is_known ? known : frame->python_first; i < frame->python_end; i++) {
		node = frame_node(cache, i, node);
		cache->node[i] = node;
		cache->base[i] = base;
	}
	return node;
}

static bool is_interpreter(const struct native_frame *frame)
{
	return frame->class == CLASS_PYTHON || frame->class == CLASS_EVAL;
}

/** Positions from here on are the interpreter's own, and called by nothing else than it. */
static uint32_t end_of_others(const struct native_cache *native, uint32_t innermost)
{
	uint32_t end = native->depth;
	while (end > innermost + 1
	       && (native->frame[end - 1].class == CLASS_HOOK
		   || is_interpreter(&native->frame[end - 1]))) {
		end--;
	}
	return end;
}

static uint32_t make_nodes(struct thread *self, uint32_t from, uint32_t innermost,
			   uint32_t unchanged)
{
	struct native_cache *native = &self->native;
	uint32_t node = from ? native->frame[from - 1].node : 0;
	uint32_t shown = end_of_others(native, innermost);
	bool is_within = from > 0;
	bool starts = from == 0 && begins_as_a_launcher(native);
	for (uint32_t i = from; i < native->depth; i++) {
		struct native_frame *frame = &native->frame[i];
		is_within |= runs_python(frame);
		frame->is_within = is_within;
		if (runs_python(frame)) {
			node = python_nodes(&self->python, frame, node, unchanged);
		} else if (i >= shown || (!(starts && !is_within) && !is_interpreter(frame))) {
			node = native_frame_node(frame, node);
		}
		frame->node = node;
	}
	return node;
}

/**
 * True if the nodes of the last time are right. A Python function that has returned leaves the same
 * machine code behind, one frame of Python fewer in it: that is not as before.
 */
static bool is_as_before(const struct native_cache *native, struct stack_frames frames)
{
	return native->noded == native->depth && frames.unchanged == frames.depth
		&& native->frame[native->innermost_call].python_end == frames.depth;
}

uint32_t mixed_node(struct thread *self, struct stack_frames frames)
{
	struct native_cache *native = &self->native;
	struct matching matching = {
		.native = native,
		.frames = frames,
		.unchanged = native->noded,
		.dirty = native->noded,
		.at = native->depth,
	};
	if (is_as_before(native, frames)) {
		return native->frame[native->depth - 1].node;
	}
	/* Should a handler leave us by longjmp, all is found anew. */
	native->noded = 0;
	self->python.noded = 0;
	barrier_compiler();
	match(&matching, self, python_current_thread(&hook.python));
	uint32_t innermost = innermost_call(native);
	if (innermost == native->depth) {
		return 0;
	}
	/* What is shown depends on where the innermost call is, and was. */
	set_dirty(&matching, innermost);
	set_dirty(&matching, native->innermost_call);
	native->innermost_call = innermost;
	/* Frames outside of the first call are looked at together. */
	bool has_call_outside = matching.dirty > 0 && native->frame[matching.dirty - 1].is_within;
	uint32_t node = make_nodes(self, has_call_outside ? matching.dirty : 0, innermost,
				   frames.unchanged);
	native->noded = native->depth;
	self->python.noded = self->python.depth;
	return node;
}
