// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/helper.h"

#include "core/host/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX ((rlim_t)256 << 20)

extern char **environ;

/** Run a program with these files as stdin and stdout, and wait for it. 0 if it succeeds. */
static int run(char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;
	int status = -1;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ) == 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
	}
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return status;
}

ssize_t helper_answer(char *const *argv, char *text, size_t size)
{
	cleanup_fd int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_fd int out = memfd_create("fil-answer", MFD_CLOEXEC);
	if (in < 0 || out < 0 || run(argv, in, out) != 0) {
		return -1;
	}
	return fd_read_text(out, text, size);
}

/** Run a program that is killed if it writes too much. */
static int run_bounded(char *const *argv, int in, int out)
{
	struct rlimit before, bound;
	if (getrlimit(RLIMIT_FSIZE, &before) != 0) {
		return -1;
	}
	bound = before;
	bound.rlim_cur = before.rlim_max < OUTPUT_BYTES_MAX ? before.rlim_max : OUTPUT_BYTES_MAX;
	setrlimit(RLIMIT_FSIZE, &bound);
	int status = run(argv, in, out);
	setrlimit(RLIMIT_FSIZE, &before);
	return status;
}

int helper_filter(char *const *argv, const void *bytes, size_t len)
{
	cleanup_fd int in = memfd_create("fil-packed", MFD_CLOEXEC);
	cleanup_fd int out = memfd_create("fil-unpacked", MFD_CLOEXEC);
	if (in < 0 || out < 0 || fd_write_all(in, bytes, len) != 0 || lseek(in, 0, SEEK_SET) != 0
	    || run_bounded(argv, in, out) != 0) {
		return -1;
	}
	return fd_take(&out);
}
