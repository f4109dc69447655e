// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Whole files by name. */
#ifndef CORE_HOST_FILE_H
#define CORE_HOST_FILE_H

#include "core/host/buffer.h"

#include <stddef.h>
#include <sys/types.h>

/** Free at the end of the scope. */
#define cleanup_free __attribute__((cleanup(file_free)))
void file_free(void *pointer_to_pointer);

/**
 * Append the content of a file. 0, or -1 with errno: EFBIG if it is longer than max_bytes (then
 * nothing is appended), EISDIR, ENOMEM, or what open and read said. Devices and pipes are not
 * waited for: anything but a regular file (or one of /proc) is EINVAL.
 */
int file_read(const char *path, size_t max_bytes, struct buffer *ret_content);

/**
 * Read a small text file, terminated, cut at size - 1 bytes. Returns its length, -1 with errno and
 * an empty text. For /proc, /sys and cgroup files.
 */
ssize_t file_read_text(const char *path, char *text, size_t size);

/**
 * Create or replace a file with this content and mode; a file that failed is removed. 0 or -1 with
 * errno.
 */
int file_write(const char *path, mode_t mode, const void *bytes, size_t len);

/** Write a short text into an existing file of /proc or a cgroup. 0 or -1 with errno. */
int file_put_text(const char *path, const char *text);

#endif
