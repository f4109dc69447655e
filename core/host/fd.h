// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* File descriptors: closing by scope, whole reads and writes, keeping away from 0, 1 and 2. */
#ifndef CORE_HOST_FD_H
#define CORE_HOST_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Close at the end of the scope, unless negative. errno is kept. */
#define cleanup_fd __attribute__((cleanup(fd_close)))

/** Close *fd unless it is negative, set it to -1, keep errno. */
void fd_close(int *fd);

/** Hand a descriptor out of a cleanup_fd variable. */
static inline int fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/**
 * Move a descriptor above 2 and close-on-exec. The tool may be started with stdin, stdout or stderr
 * closed; a file that got their number would be written over by the next message. Consumes fd, also
 * on failure (-1 with errno); a negative fd is passed through.
 */
int fd_above_stdio(int fd);

/** Write all of it, over interruptions and short writes. 0, or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t len);

/**
 * Read a small file from its start into text, which is always terminated; what does not fit is
 * left out. For descriptors kept open on /proc and cgroup files: each call reads them anew.
 * Returns the number of bytes, or -1 with errno.
 */
ssize_t fd_read_text(int fd, char *text, size_t size);

/** Read exactly len bytes at offset: 0; -1 with errno (EIO if the file ends before). */
int fd_pread_all(int fd, void *bytes, size_t len, uint64_t offset);

#endif
