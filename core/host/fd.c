// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void fd_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		*fd = -1;
		errno = saved;
	}
}

int fd_above_stdio(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO) {
		return fd;
	}
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd_close(&fd);
	return moved;
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
	const char *next = bytes;
	while (len) {
		ssize_t written = write(fd, next, len);
		if (written < 0 && errno != EINTR) {
			return -1;
		}
		if (written > 0) {
			next += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

ssize_t fd_read_text(int fd, char *text, size_t size)
{
	size_t len = 0;
	while (len + 1 < size) {
		ssize_t got = pread(fd, text + len, size - 1 - len, (off_t)len);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			text[0] = 0;
			return -1;
		}
		if (got == 0) {
			break;
		}
		len += (size_t)got;
	}
	text[len] = 0;
	return (ssize_t)len;
}

int fd_pread_all(int fd, void *bytes, size_t len, uint64_t offset)
{
	char *next = bytes;
	while (len) {
		ssize_t got = pread(fd, next, len, (off_t)offset);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			errno = got < 0 ? errno : EIO;
			return -1;
		}
		next += got;
		len -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}
