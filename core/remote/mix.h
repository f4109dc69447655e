// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * One stack of two: the native one, in which each call of the interpreter's loop is replaced by the
 * Python frames that it runs. As core/hook/mixed.h does in the process itself: what else the
 * interpreter does on the way to other code is left out, and so is what started it, if that is no
 * more than a launcher and the C library.
 */
#ifndef CORE_REMOTE_MIX_H
#define CORE_REMOTE_MIX_H

#include "core/remote/python.h"
#include "core/remote/unwind.h"

struct mixed_frame {
	bool is_python;
	/** In the places, or in the frames of the Python stack. */
	size_t index;
};

/**
 * Append struct mixed_frame, the outermost first.
 *
 * @param stack  Empty: all places are shown.
 */
void remote_mix(const struct native_place *places, size_t count, const struct remote_python *python,
		const struct remote_python_stack *stack, struct buffer *mixed);

#endif
