// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/python.h"

#include <string.h>

static uint32_t code_point(const struct python_text *text, size_t i)
{
	switch (text->width) {
	case 1:
		return ((const uint8_t *)text->data)[i];
	case 2:
		return ((const uint16_t *)text->data)[i];
	default:
		return ((const uint32_t *)text->data)[i];
	}
}

/** Write one code point into bytes; how many it took, 1 to 4. */
static size_t encode(uint32_t point, char *bytes)
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point >= 0xdc80 && point <= 0xdcff) {
		bytes[0] = (char)(point & 0xff);
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | (point >> 18 & 7));
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

size_t python_text_utf8(const struct python_text *text, char *buffer, size_t capacity)
{
	if (text->is_ascii) {
		size_t len = text->length < capacity ? text->length : capacity;
		memcpy(buffer, text->data, len);
		return len;
	}
	size_t written = 0;
	for (size_t i = 0; i < text->length; i++) {
		char bytes[4];
		size_t len = encode(code_point(text, i), bytes);
		if (len > capacity - written) {
			break;
		}
		memcpy(buffer + written, bytes, len);
		written += len;
	}
	return written;
}
