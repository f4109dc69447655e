// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

static bool buffer_grow(struct buffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	while (capacity < needed) {
		if (__builtin_mul_overflow(capacity, 2, &capacity)) {
			return false;
		}
	}
	char *data = realloc(buffer->data, capacity);
	if (!data) {
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t needed;
	if (buffer->failed) {
		return NULL;
	}
	if (__builtin_add_overflow(buffer->len, more, &needed)
	    || __builtin_add_overflow(needed, 1, &needed)
	    || (needed > buffer->capacity && !buffer_grow(buffer, needed))) {
		buffer->failed = true;
		return NULL;
	}
	return buffer->data + buffer->len;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t len)
{
	char *end = buffer_reserve(buffer, len);
	if (end) {
		if (len) {
			memcpy(end, bytes, len);
		}
		end[len] = 0;
		buffer->len += len;
	}
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_char(struct buffer *buffer, char c)
{
	buffer_append(buffer, &c, 1);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	char *end = len < 0 ? NULL : buffer_reserve(buffer, (size_t)len);
	if (end) {
		vsnprintf(end, (size_t)len + 1, format, again);
		buffer->len += (size_t)len;
	} else {
		buffer->failed = true;
	}
	va_end(again);
}

void buffer_append_number(struct buffer *buffer, uint64_t number)
{
	char digits[20];
	size_t first = sizeof(digits);
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buffer_append(buffer, digits + first, sizeof(digits) - first);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buffer_vprintf(buffer, format, args);
	va_end(args);
}
