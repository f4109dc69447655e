// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/kept_file.h"

#include "core/host/claim.h"
#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/shm/segment.h"
#include "core/supervise/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* include/uapi/linux/magic.h, fs.h. */
#define TMPFS_MAGIC 0x01021994
#define BTRFS_MAGIC 0x9123683e
#define IOCTL_GET_FLAGS _IOR('f', 1, long)
#define IOCTL_SET_FLAGS _IOW('f', 2, long)
#define FLAG_NOCOW 0x00800000

/** With less it would be full before it says anything. A small job takes 10 MB. */
#define SPACE_MIN_BYTES ((uint64_t)16 << 20)

/** FOLDER/NAME with the folder's real path. False with errno. */
static bool path_absolute(const char *name, char *ret_path, size_t path_size)
{
	cleanup_free char *for_folder = strdup(name);
	cleanup_free char *for_base = strdup(name);
	cleanup_free char *folder =
		for_folder && for_base ? realpath(dirname(for_folder), NULL) : NULL;
	if (!folder) {
		return false;
	}
	const char *separator = strcmp(folder, "/") == 0 ? "" : "/";
	int len = snprintf(ret_path, path_size, "%s%s%s", folder, separator, basename(for_base));
	if (len < 0 || (size_t)len >= path_size) {
		errno = ENAMETOOLONG;
		return false;
	}
	return true;
}

int kept_file_create(const char *name, char *ret_path, size_t path_size,
		     struct supervise_error *ret_error)
{
	char path[PATH_MAX];
	cleanup_fd int fd = -1;
	if (path_absolute(name, path, sizeof(path))) {
		fd = fd_above_stdio(
			open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
	}
	if (fd < 0) {
		error_set(ret_error, 125, errno, "cannot create the segment %s", name);
		return -1;
	}
	claim_take(fd);
	snprintf(ret_path, path_size, "%s", path);
	return fd_take(&fd);
}

static bool has_some_space(int fd, const char *path, struct supervise_error *ret_error)
{
	struct statvfs status;
	/* A file system without a size does not say what is free either. */
	if (fstatvfs(fd, &status) < 0 || !status.f_blocks) {
		return true;
	}
	uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	return free_bytes >= SPACE_MIN_BYTES
		|| error_set(ret_error, 125, 0,
			     "there are only %llu MiB free for the segment %s: %llu MiB are the"
			     " least",
			     (unsigned long long)(free_bytes >> 20), path,
			     (unsigned long long)(SPACE_MIN_BYTES >> 20));
}

static bool is_on(int fd, uint32_t magic)
{
	struct statfs status;
	return fstatfs(fd, &status) == 0 && (uint32_t)status.f_type == magic;
}

bool kept_file_prepare(int fd, const char *path, struct supervise_error *ret_error)
{
	int flags = 0;
	if (is_on(fd, BTRFS_MAGIC) && ioctl(fd, IOCTL_GET_FLAGS, &flags) == 0) {
		flags |= FLAG_NOCOW;
		ioctl(fd, IOCTL_SET_FLAGS, &flags);
	}
	return has_some_space(fd, path, ret_error);
}

bool kept_file_zero(int fd, uint64_t offset, size_t len, struct supervise_error *ret_error)
{
	static const char zeros[64 << 10];
	while (len) {
		size_t part = len < sizeof(zeros) ? len : sizeof(zeros);
		ssize_t written = pwrite(fd, zeros, part, (off_t)offset);
		if (written < 0 && errno != EINTR) {
			return error_set(ret_error, 125, errno, "cannot write the segment");
		}
		if (written > 0) {
			offset += (uint64_t)written;
			len -= (size_t)written;
		}
	}
	return true;
}

uint32_t kept_file_flags(int fd)
{
	return SEGMENT_ON_DISK | (is_on(fd, TMPFS_MAGIC) ? 0 : SEGMENT_IS_FILE_PAGES);
}
