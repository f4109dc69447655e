// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/package.h"

#include "core/host/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char variable_name[] = "PYTHONPATH=";

int package_open(char *path, size_t size, bool is_inherited)
{
	size_t len = (size_t)(package_image_end - package_image);
	cleanup_fd int fd = fd_above_stdio(memfd_create("filprofiler.zip", MFD_CLOEXEC));

	if (fd < 0 || fd_write_all(fd, package_image, len) != 0 ||
	    (is_inherited && fcntl(fd, F_SETFD, 0) != 0)) {
		return -1;
	}
	snprintf(path, size, "/proc/%d/fd/%d", (int)getpid(), fd);
	return fd_take(&fd);
}

char *package_variable(const char *path, char *const *environment)
{
	size_t name_len = strlen(variable_name);
	const char *own = "";
	char *variable;

	for (; *environment; environment++) {
		if (strncmp(*environment, variable_name, name_len) == 0) {
			own = *environment + name_len;
		}
	}
	return asprintf(&variable, "%s%s%s%s", variable_name, path, *own ? ":" : "", own) < 0
		? NULL
		: variable;
}
