// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Stacks of Python and machine code: the native stack, in which each call of the interpreter's loop
 * is replaced by the Python frames that it runs, and what else the interpreter does on the way to
 * other code is left out. So is what started the interpreter, if that is no more than a launcher
 * and the C library. The interpreter's own functions are shown where they are the ones to allocate.
 */
#ifndef CORE_HOOK_MIXED_H
#define CORE_HOOK_MIXED_H

#include "core/hook/stack.h"

/** The node; 0: the two do not fit together. Under the lock. Interns what is new. */
uint32_t mixed_node(struct thread *self, struct stack_frames frames);

#endif
