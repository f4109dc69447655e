// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A cursor over the bytes of unwind tables. What lies past its end reads as 0 and makes it bad. */
#ifndef CORE_STACK_NATIVE_BYTES_H
#define CORE_STACK_NATIVE_BYTES_H

#include "core/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct native_bytes {
	const uint8_t *next;
	const uint8_t *end;
	bool is_bad;
};

/** Encodings of pointers, LSB 5.0 Core 10.5: the low four bits are the form. */
enum {
	POINTER_ABSOLUTE = 0x00,
	POINTER_ULEB = 0x01,
	POINTER_U2 = 0x02,
	POINTER_U4 = 0x03,
	POINTER_U8 = 0x04,
	POINTER_SLEB = 0x09,
	POINTER_S2 = 0x0a,
	POINTER_S4 = 0x0b,
	POINTER_S8 = 0x0c,
	POINTER_PC_RELATIVE = 0x10,
	POINTER_DATA_RELATIVE = 0x30,
	POINTER_BASE_MASK = 0x70,
	POINTER_OMITTED = 0xff
};

attr_inline bool bytes_take(struct native_bytes *bytes, void *to, size_t len)
{
	if ((size_t)(bytes->end - bytes->next) < len) {
		bytes->is_bad = true;
		bytes->next = bytes->end;
		return false;
	}
	memcpy(to, bytes->next, len);
	bytes->next += len;
	return true;
}

/** A little-endian number of 1, 2, 4 or 8 bytes. */
uint64_t bytes_unsigned(struct native_bytes *bytes, size_t len);
int64_t bytes_signed(struct native_bytes *bytes, size_t len);
uint64_t bytes_uleb(struct native_bytes *bytes);
int64_t bytes_sleb(struct native_bytes *bytes);
void bytes_skip(struct native_bytes *bytes, uint64_t len);

/** An encoded pointer; data is the base of POINTER_DATA_RELATIVE. Indirection is not followed. */
uintptr_t bytes_pointer(struct native_bytes *bytes, uint8_t encoding, uintptr_t data);

#endif
