// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The calling thread's current stack, as a node of the segment. */
#ifndef CORE_HOOK_STACK_H
#define CORE_HOOK_STACK_H

#include "core/hook/hook.h"

#include <stdint.h>

/**
 * Read the frames into the thread's caches, those of Python and those of machine code
 * (self->native). No lock needed; the thread's own state only. frame as of native_walk.
 */
struct stack_frames stack_read(struct thread *self, const uintptr_t *frame);

/** The node of what was read. Interns what is new; under the lock. Never 0. */
uint32_t stack_node(struct thread *self, struct stack_frames frames);

/** Ask the loader for an interpreter, if it has loaded anything since. Without the lock. */
void stack_ask_for_python(void);

/** The same now and then, until there is one. By the thread itself. */
attr_inline void stack_look_for_python(struct thread *self)
{
	if (unlikely(hook.python.state == PYTHON_NOT_SEEN)
	    && unlikely((self->looks++ & (LOOK_EVERY - 1)) == 0)) {
		stack_ask_for_python();
	}
}

#endif
