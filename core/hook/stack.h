// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The calling thread's current stack, as a node of the segment. */
#ifndef CORE_HOOK_STACK_H
#define CORE_HOOK_STACK_H

#include "core/hook/threads.h"

#include <stdint.h>

/** What stack_read found of Python, for stack_node. What it found of machine code: self->native. */
struct stack_frames {
	unsigned depth;
	/** Outermost frames that are as they were at the last call. */
	unsigned unchanged;
};

/** Read the frames into the thread's cache. No lock needed; the thread's own state only. */
struct stack_frames stack_read(struct thread *self);

/** The node of what was read. Interns what is new; under the lock. Never 0. */
uint32_t stack_node(struct thread *self, struct stack_frames frames);

/** Look for an interpreter if one may have been loaded since the last look. Without the lock. */
void stack_look_for_python(void);

#endif
