// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reading a stack that may not be one. What unwind tables say is nearly always right, but code
 * without tables, or with wrong ones, leads anywhere: nothing is read that is not known to be
 * mapped. Known is what lies between a thread's stack pointer and the first frame of its stack, as
 * long as the pages in between have been seen; for any other stack (of a signal handler, a
 * coroutine) each page is asked for when a walk comes to it.
 */
#ifndef CORE_STACK_NATIVE_MEMORY_H
#define CORE_STACK_NATIVE_MEMORY_H

#include "core/base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/** Addresses [low, high) can be read. */
struct native_span {
	uintptr_t low;
	uintptr_t high;
};

/** True if the page that holds address is mapped and can be read. One system call. */
bool native_can_read(uintptr_t address);

/**
 * What can be read of the stack that a stack pointer is on.
 *
 * @param thread  The calling thread's own stack: high is an address above every frame of it (0: not
 *                known), low the lowest that is known. Grows downwards as the stack has grown.
 */
struct native_span native_span_of(uintptr_t sp, struct native_span *thread);

/** A thread's own stack as its first function sees it: what that has returned to is included. */
struct native_span native_span_below(uintptr_t frame);

/** True if address, which lies outside of span, can be read; span may then reach it. */
bool native_span_extend(struct native_span *span, uintptr_t address);

/** Read a word of the stack. False, *ret untouched, if it cannot be read or is not aligned. */
attr_inline bool native_read(struct native_span *span, uintptr_t address, uintptr_t *ret)
{
	if (unlikely((address & (sizeof(uintptr_t) - 1)) != 0)
	    || (unlikely(address - span->low >= span->high - span->low)
		&& !native_span_extend(span, address))) {
		return false;
	}
	*ret = *(const uintptr_t *)address;
	return true;
}

#endif
