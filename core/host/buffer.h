// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A growing run of bytes, always followed by a NUL that is not counted.
 *
 * Zero-initialised is empty and valid. Running out of memory is remembered, not reported at each
 * step: later appends do nothing, and whoever built the text asks buffer_failed once, at the end.
 */
#ifndef CORE_HOST_BUFFER_H
#define CORE_HOST_BUFFER_H

#include "core/base/attributes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	/** NULL while nothing was appended; see buffer_text. Owned by the buffer. */
	char *data;
	size_t len;
	size_t capacity;
	bool failed;
};

#define cleanup_buffer __attribute__((cleanup(buffer_done)))

/** Release the bytes; the buffer is empty and valid again. */
void buffer_done(struct buffer *buffer);

/**
 * Make room for more bytes behind len and return where they go; NULL (and failed) without memory.
 */
char *buffer_reserve(struct buffer *buffer, size_t more);

void buffer_append(struct buffer *buffer, const void *bytes, size_t len);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char c);
/** In decimal; a tenth of what buffer_printf takes for that. */
void buffer_append_number(struct buffer *buffer, uint64_t number);
void buffer_printf(struct buffer *buffer, const char *format, ...) attr_printf(2, 3);
void buffer_vprintf(struct buffer *buffer, const char *format, va_list args) attr_printf(2, 0);

/** True if memory ran out at any append: the content is then incomplete. */
static inline bool buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

/** The content as a string ("" if empty): valid until the next append. */
static inline const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

/** Forget the content, keep the memory and the failure. */
static inline void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	if (buffer->data) {
		buffer->data[0] = 0;
	}
}

#endif
