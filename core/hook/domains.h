// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * CPython's own allocators. Small objects come out of pymalloc's arenas (or mimalloc's, without the
 * GIL) and never reach malloc one by one, so the domains MEM and OBJ are wrapped, by
 * PyMem_SetAllocator, as tracemalloc does it. The allocators themselves stay: another one would
 * change the memory that is to be measured. What they call to do their work, malloc for blocks over
 * 512 bytes and mmap for arenas, is not recorded again.
 *
 * Twice: from the constructor, to see the first object, and again when the interpreter runs, since
 * -X dev and PYTHONMALLOC put other allocators in place while it starts. Blocks from before, and
 * those of a wrapper that was taken out, pass through: the free of an unknown block is ignored.
 */
#ifndef CORE_HOOK_DOMAINS_H
#define CORE_HOOK_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** PyMemAllocatorEx, Include/cpython/pymem.h: the same in every version from 3.5 on. */
struct python_allocator {
	void *context;
	void *(*malloc)(void *context, size_t size);
	void *(*calloc)(void *context, size_t count, size_t size);
	void *(*realloc)(void *context, void *block, size_t size);
	void (*free)(void *context, void *block);
};

#define DOMAIN_COUNT 2
/** From the constructor, and once more when the interpreter runs. */
#define DOMAIN_LAYERS 2

/** Zeroed: nothing is wrapped. */
struct domains {
	/** What is behind each of our wrappers, which gets the address of its own as context. */
	struct python_allocator behind[DOMAIN_LAYERS][DOMAIN_COUNT];
	/** 1 once a running interpreter has been found to use our wrappers, or made to. */
	uint32_t settled;
	/** Not to be taken out: another wrapper may still call ours, or threads run freely. */
	bool stays;
};

/**
 * Wrap the domains of the interpreter that python_attach has found, if it has. From the constructor
 * (all objects are relocated, no other thread runs), or by a thread that may change the interpreter
 * (python_may_change) and has called domains_unwrap before.
 */
void domains_wrap(void);

/** Take our wrappers out again, unless another has been put on top of them: then they stay. */
void domains_unwrap(void);

/**
 * See to it that the interpreter, which runs now, goes through our wrappers. Does nothing, to be
 * called again, unless the calling thread may change the interpreter (holds its GIL). Allocates
 * nothing. Not under the lock, which it takes.
 */
void domains_settle(void);

/** True if the interpreter goes through our wrappers; also if there is nothing to wrap. */
bool domains_are_wrapped(void);

#endif
