// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/file.h"
#include "core/host/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_free(void *pointer_to_pointer)
{
	void *pointer;
	memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
	free(pointer);
}

/* O_NONBLOCK: a name that is a FIFO must not hold us up before we know what it is. */
static int file_open(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0) {
		return -1;
	}
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	return fd_take(&fd);
}

int file_read(const char *path, size_t max_bytes, struct buffer *ret_content)
{
	cleanup_fd int fd = file_open(path);
	if (fd < 0) {
		return -1;
	}
	size_t start = ret_content->len;
	for (;;) {
		char *end = buffer_reserve(ret_content, 65536);
		ssize_t got = end ? read(fd, end, 65536) : -1;
		if (!end) {
			errno = ENOMEM;
		}
		if (got < 0 && errno == EINTR && end) {
			continue;
		}
		if (got > 0) {
			ret_content->len += (size_t)got;
		}
		if (got > 0 && ret_content->len - start > max_bytes) {
			errno = EFBIG;
			got = -1;
		}
		if (got <= 0) {
			ret_content->len = got < 0 ? start : ret_content->len;
			if (ret_content->data) {
				ret_content->data[ret_content->len] = 0;
			}
			return got < 0 ? -1 : 0;
		}
	}
}

ssize_t file_read_text(const char *path, char *text, size_t size)
{
	text[0] = 0;
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -1 : fd_read_text(fd, text, size);
}

int file_write(const char *path, mode_t mode, const void *bytes, size_t len)
{
	struct stat status;
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);
	if (fd < 0 || fstat(fd, &status) < 0) {
		return -1;
	}
	/* A device is written to, but neither changed nor removed. */
	bool is_file = S_ISREG(status.st_mode);
	/*
	 * The name may have existed with another mode. close says what a full disk or quota would.
	 */
	if ((!is_file || fchmod(fd, mode) == 0) && fd_write_all(fd, bytes, len) == 0
	    && close(fd_take(&fd)) == 0) {
		return 0;
	}
	int saved = errno;
	if (is_file) {
		unlink(path);
	}
	errno = saved;
	return -1;
}

int file_put_text(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -1 : fd_write_all(fd, text, strlen(text));
}
