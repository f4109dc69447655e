// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil_control: what programs may ask the hook that is in them, found with dlsym(RTLD_DEFAULT,
 * "fil_control"). Any thread. Numbers are never used again for anything else; an operation that is
 * not known, or not possible now, returns -1.
 */
#ifndef CORE_HOOK_CONTROL_H
#define CORE_HOOK_CONTROL_H

#include <stdint.h>

#define CONTROL_INTERFACE 1

enum control_operation {
	/** CONTROL_INTERFACE. */
	CONTROL_VERSION = 0,
	/** argument: struct control_stack. Returns the number of the caller's Python frames. */
	CONTROL_STACK = 1,
	/** Bytes that are tracked as live now. */
	CONTROL_LIVE_BYTES = 2,
};

struct control_frame {
	uintptr_t code;  /* address of the code object */
	uint32_t offset; /* of the instruction, bytes */
	uint32_t reserved;
};

struct control_stack {
	struct control_frame *frames;
	uint32_t capacity;
};

long fil_control(unsigned operation, void *argument);

#endif
