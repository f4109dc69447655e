// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_bytes.h"

uint64_t bytes_unsigned(struct native_bytes *bytes, size_t len)
{
	uint64_t value = 0;
	return bytes_take(bytes, &value, len) ? value : 0;
}

int64_t bytes_signed(struct native_bytes *bytes, size_t len)
{
	unsigned unused = 64 - 8 * (unsigned)len;
	return (int64_t)(bytes_unsigned(bytes, len) << unused) >> unused;
}

uint64_t bytes_uleb(struct native_bytes *bytes)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = (uint8_t)bytes_unsigned(bytes, 1);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			return value;
		}
	}
	bytes->is_bad = true;
	return 0;
}

int64_t bytes_sleb(struct native_bytes *bytes)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = (uint8_t)bytes_unsigned(bytes, 1);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			bool is_negative = (byte & 0x40) && shift + 7 < 64;
			return (int64_t)(is_negative ? value | ~(uint64_t)0 << (shift + 7) : value);
		}
	}
	bytes->is_bad = true;
	return 0;
}

void bytes_skip(struct native_bytes *bytes, uint64_t len)
{
	if ((uint64_t)(bytes->end - bytes->next) < len) {
		bytes->is_bad = true;
		bytes->next = bytes->end;
	} else {
		bytes->next += len;
	}
}

static uintptr_t pointer_value(struct native_bytes *bytes, uint8_t form)
{
	switch (form) {
	case POINTER_ULEB:
		return bytes_uleb(bytes);
	case POINTER_U2:
		return bytes_unsigned(bytes, 2);
	case POINTER_U4:
		return bytes_unsigned(bytes, 4);
	case POINTER_SLEB:
		return (uintptr_t)bytes_sleb(bytes);
	case POINTER_S2:
		return (uintptr_t)bytes_signed(bytes, 2);
	case POINTER_S4:
		return (uintptr_t)bytes_signed(bytes, 4);
	case POINTER_ABSOLUTE:
	case POINTER_U8:
	case POINTER_S8:
		return bytes_unsigned(bytes, 8);
	default:
		bytes->is_bad = true;
		return 0;
	}
}

uintptr_t bytes_pointer(struct native_bytes *bytes, uint8_t encoding, uintptr_t data)
{
	if (encoding == POINTER_OMITTED) {
		return 0;
	}
	uintptr_t at = (uintptr_t)bytes->next;
	uintptr_t value = pointer_value(bytes, encoding & 0x0f);
	switch (encoding & POINTER_BASE_MASK) {
	case 0:
		return value;
	case POINTER_PC_RELATIVE:
		return at + value;
	case POINTER_DATA_RELATIVE:
		return data + value;
	default:
		bytes->is_bad = true;
		return 0;
	}
}
