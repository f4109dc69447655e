// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Which Python frames each call of the interpreter's loop (_PyEval_EvalFrameDefault) runs: up to
 * 3.10 one; later as many as call each other without C in between. A call is told by an address in
 * its C frame, where one is known: 3.11 keeps a _PyCFrame there, later versions the frame that it
 * begins with.
 *
 * Directly after python_walk of the same thread, by that thread.
 */
#ifndef CORE_STACK_PYTHON_CALLS_H
#define CORE_STACK_PYTHON_CALLS_H

#include "core/stack/python.h"

#include <stdbool.h>
#include <stdint.h>

/** From the innermost call outwards. */
struct python_calls {
	const struct python *python;
	const struct python_cache *cache;
	/** The C stack that calls are looked for on: [low, high). */
	uintptr_t low;
	uintptr_t high;
	/** 3.11: the _PyCFrame of the next call. */
	uintptr_t c_frame;
	/** Positions below it have not been given out. */
	uint32_t end;
};

struct python_call {
	/** In its C frame; 0: not known, it is the next call of the loop on the C stack. */
	uintptr_t address;
	/** Positions [first, end) of the cache. */
	uint32_t first;
	uint32_t end;
};

/** thread: the state that was walked. */
void python_calls_begin(struct python_calls *calls, const struct python *python, void *thread,
			const struct python_cache *cache, uintptr_t low, uintptr_t high);

/** False if there is no further call that can be told. */
bool python_calls_next(struct python_calls *calls, struct python_call *ret);

#endif
