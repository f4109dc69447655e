// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/mix.h"

/** Frames of others than the interpreter in a launcher: _start, main, and the C library's. */
#define LAUNCHER_FRAMES 4u

struct mixing {
	const struct native_place *places;
	size_t count;
	const struct remote_python *python;
	const struct remote_python_stack *stack;
	struct buffer *mixed;
};

static size_t call_count(const struct mixing *mixing)
{
	return mixing->stack->calls.len / sizeof(struct remote_python_call);
}

static const struct remote_python_call *call_at(const struct mixing *mixing, size_t i)
{
	return (const struct remote_python_call *)mixing->stack->calls.data + i;
}

static size_t python_frame_count(const struct mixing *mixing)
{
	return mixing->stack->frames.len / sizeof(struct remote_python_frame);
}

static bool is_interpreter(const struct mixing *mixing, size_t place)
{
	return remote_python_holds(mixing->python, mixing->places[place].address);
}

/** Is the call in the C frame at a place? The frame reaches up to its caller's. */
static bool holds_call(const struct mixing *mixing, size_t place,
		       const struct remote_python_call *call)
{
	const struct native_place *at = &mixing->places[place];
	if (!call->address) {
		uint64_t eval = (uintptr_t)mixing->python->known.symbols.eval;
		return at->function && at->function == eval;
	}
	return call->address >= at->sp
		&& (place + 1 == mixing->count || call->address < at[1].sp);
}

static void add(struct mixing *mixing, bool is_python, size_t index)
{
	struct mixed_frame frame = { .is_python = is_python, .index = index };
	buffer_append(mixing->mixed, &frame, sizeof(frame));
}

/** Python frames [first, end), the outermost first. */
static void add_python(struct mixing *mixing, size_t first, size_t end)
{
	const struct remote_python_frame *frames = (const void *)mixing->stack->frames.data;
	while (end > first) {
		if (!frames[--end].is_hidden) {
			add(mixing, true, end);
		}
	}
}

/** Native places [first, end), the outermost first: all, or those of other code. */
static void add_native(struct mixing *mixing, size_t first, size_t end, bool with_interpreter)
{
	while (end > first) {
		if (--end, with_interpreter || !is_interpreter(mixing, end)) {
			add(mixing, false, end);
		}
	}
}

/** Where a call is, at a place from `from` on; the number of places if nowhere. */
static size_t find_call(const struct mixing *mixing, const struct remote_python_call *call,
			size_t from)
{
	while (from < mixing->count && !holds_call(mixing, from, call)) {
		from++;
	}
	return from;
}

static void add_outside(struct mixing *mixing, size_t first)
{
	size_t others = 0;
	for (size_t i = first; i < mixing->count; i++) {
		others += !is_interpreter(mixing, i);
	}
	if (others > LAUNCHER_FRAMES) {
		add_native(mixing, first, mixing->count, false);
	}
}

/** From the outermost of the calls that were found, number i at place `place`, inwards. */
static void add_calls(struct mixing *mixing, const size_t *places, size_t found)
{
	/* Frames of calls that were not found are outside of those that were. */
	size_t end = python_frame_count(mixing);
	for (size_t i = found; i-- > 0;) {
		size_t inner = i ? places[i - 1] + 1 : 0;
		add_python(mixing, call_at(mixing, i)->first, end);
		end = call_at(mixing, i)->first;
		/* The interpreter's own functions are shown where they are what runs. */
		size_t shown = inner;
		while (i == 0 && shown < places[0] && is_interpreter(mixing, shown)) {
			shown++;
		}
		add_native(mixing, shown, places[i], false);
		add_native(mixing, inner, shown, true);
	}
}

void remote_mix(const struct native_place *places, size_t count, const struct remote_python *python,
		const struct remote_python_stack *stack, struct buffer *mixed)
{
	struct mixing mixing = { places, count, python, stack, mixed };
	cleanup_buffer struct buffer found = { 0 };
	size_t from = 0;
	for (size_t i = 0; i < call_count(&mixing) && from < count; i++) {
		size_t place = find_call(&mixing, call_at(&mixing, i), from);
		if (place == count) {
			break;
		}
		buffer_append(&found, &place, sizeof(place));
		from = place + 1;
	}
	size_t calls = found.len / sizeof(from);
	if (calls) {
		add_outside(&mixing, from);
		add_calls(&mixing, (const size_t *)found.data, calls);
	} else {
		/* Nothing tells where they belong: what Python does, and then what it calls. */
		add_python(&mixing, 0, python_frame_count(&mixing));
		add_native(&mixing, 0, count, python_frame_count(&mixing) == 0);
	}
}
