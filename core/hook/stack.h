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

/** stack_node where something has changed, or Python is in it. */
uint32_t stack_node_slowly(struct thread *self, struct stack_frames frames);

/**
 * The node of what was read if it is machine code alone, as it was at the last allocation; else 0.
 * (Code that has gone begins a new generation, under which the next walk finds everything changed.)
 */
attr_inline uint32_t stack_known_node(const struct thread *self, struct stack_frames frames)
{
	const struct native_cache *cache = &self->native;
	if (!hook.native_frames.stacks || frames.depth != 0 || cache->depth == 0
	    || cache->noded != cache->depth || cache->is_mixed) {
		return 0;
	}
	uint32_t node = cache->frame[cache->depth - 1].node;
	return likely(node) ? node : hook.node_no_stack;
}

/** The node of what was read. Interns what is new; under the lock. Never 0. */
attr_inline uint32_t stack_node(struct thread *self, struct stack_frames frames)
{
	uint32_t node = stack_known_node(self, frames);
	return likely(node) ? node : stack_node_slowly(self, frames);
}

/**
 * Publish where a thread was seen, for reports: at a node, after so many allocations. In the
 * thread itself, or under the lock.
 */
attr_inline void stack_publish(const struct thread *thread, uint32_t node, uint64_t allocations)
{
	if (likely(thread->record)) {
		struct thread_record *record = view_thread(&hook.view, thread->record);
		record->node = node;
		record->at_allocation = allocations;
	}
}

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
