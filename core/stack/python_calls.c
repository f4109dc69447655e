// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python_calls.h"

#include "core/stack/python_object.h"

/* struct _PyCFrame of 3.11, Include/cpython/pystate.h: current_frame, previous. */
#define C_FRAME_CURRENT 8
#define C_FRAME_PREVIOUS 16

static bool has_c_frames(const struct python *python)
{
	return python->layout.version >= PYTHON_VERSION(11)
		&& python->layout.version < PYTHON_VERSION(12);
}

void python_calls_begin(struct python_calls *calls, const struct python *python, void *thread,
			const struct python_cache *cache, uintptr_t low, uintptr_t high)
{
	*calls = (struct python_calls){ .python = python, .cache = cache, .low = low,
					.high = high, .end = cache->depth };
	if (has_c_frames(python)) {
		calls->c_frame = object_word((uintptr_t)thread, python->layout.thread_frame);
	}
}

static bool is_on_stack(const struct python_calls *calls, uintptr_t address)
{
	return address >= calls->low && address < calls->high;
}

/** 3.11: the call's frames end where the frame begins that the call outside of it is at. */
static bool next_by_c_frame(struct python_calls *calls, struct python_call *call)
{
	if (!is_on_stack(calls, calls->c_frame)) {
		return false;
	}
	uintptr_t outer = object_word(calls->c_frame, C_FRAME_PREVIOUS);
	uintptr_t frame = outer != 0 ? object_word(outer, C_FRAME_CURRENT) : 0;
	call->address = calls->c_frame;
	call->first = frame != 0 ? python_cache_reaches(calls->cache, call->end, frame) : 0;
	calls->c_frame = outer;
	return true;
}

/** From 3.12 on the call's first frame is one of its own that lies on the C stack. */
static bool next_by_first_frame(const struct python_calls *calls, struct python_call *call)
{
	call->first = call->end;
	while (call->first > 0) {
		call->first--;
		call->address = calls->cache->frame[call->first];
		if (python_cache_hidden(calls->cache, call->first)
		    && is_on_stack(calls, call->address)) {
			return true;
		}
	}
	return false;
}

bool python_calls_next(struct python_calls *calls, struct python_call *ret)
{
	struct python_call call = { .end = calls->end };
	bool found;
	if (calls->end == 0) {
		return false;
	}
	if (has_c_frames(calls->python)) {
		found = next_by_c_frame(calls, &call);
	} else if (calls->python->layout.version >= PYTHON_VERSION(12)) {
		found = next_by_first_frame(calls, &call);
	} else {
		call.first = call.end - 1;
		found = true;
	}
	calls->end = call.first;
	*ret = call;
	return found;
}
