// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** Limits that users meet, and the command that shows and raises them. */
static const char *way_out(int error_number)
{
	switch (error_number) {
	case EMFILE:
		return " (raise ulimit -n)";
	case EFBIG:
		return " (raise ulimit -f)";
	case EAGAIN:
		return " (see ulimit -u)";
	case ENODEV:
		return " (its file system has no shared mappings: use another one)";
	default:
		return "";
	}
}

bool error_set(struct supervise_error *ret_error, int status, int error_number, const char *format,
	       ...)
{
	va_list args;
	va_start(args, format);
	size_t size = sizeof(ret_error->message);
	int len = vsnprintf(ret_error->message, size, format, args);
	va_end(args);
	ret_error->status = status;
	if (error_number && len >= 0 && (size_t)len < size) {
		snprintf(ret_error->message + len, size - (size_t)len, ": %s%s",
			 strerror(error_number), way_out(error_number));
	}
	return false;
}
