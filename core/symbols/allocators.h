// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Which allocators an object file has linked in: by the names of its functions, and where it is
 * stripped of those, by texts that an allocator has for its messages. That is asked of files whose
 * code is known to map memory, so that a text alone, of a program that only mentions it, hardly
 * misleads.
 */
#ifndef CORE_SYMBOLS_ALLOCATORS_H
#define CORE_SYMBOLS_ALLOCATORS_H

#include "core/symbols/object.h"
#include "core/symbols/resolve.h"

/** ALLOCATORS_* of an open object: in a process of its own, as allocators_find has it. */
uint32_t allocators_read(const struct object *object);

/**
 * The same of the module of a request, whose addresses do not matter, in a child process with
 * bounds. 0 if the file is not there or could not be read.
 */
uint32_t allocators_find(const struct symbols_request *request);

#endif
