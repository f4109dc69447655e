// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/bounded.h"

#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART_BYTES 65536u

static void bound_self(const struct bounds *bounds)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A pipe that nobody reads any more is an error of write, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	(void)file_put_text("/proc/self/oom_score_adj", "1000");
	limits_lower(RLIMIT_CPU, bounds->cpu_seconds);
	limits_lower(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__
	limits_lower(RLIMIT_AS, bounds->memory_bytes);
#endif
}

/** Everything that comes before the end, a silence, or too much. */
static void receive(int fd, const struct bounds *bounds, struct buffer *answer)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	while (answer->len < bounds->answer_bytes) {
		int result = poll(&ready, 1, bounds->silence_ms);
		char *room = result > 0 ? buffer_reserve(answer, PART_BYTES) : NULL;
		ssize_t len = room ? read(fd, room, PART_BYTES) : -1;
		if (len > 0) {
			answer->len += (size_t)len;
			answer->data[answer->len] = 0;
		} else if (len == 0 || errno != EINTR || (result > 0 && !room)) {
			return;
		}
	}
}

int bounded_run(const struct bounds *bounds, void (*work)(void *context, int fd), void *context,
		struct buffer *answer)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		bound_self(bounds);
		work(context, ends[1]);
		_exit(0);
	}
	fd_close(&ends[1]);
	if (pid > 0) {
		receive(ends[0], bounds, answer);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	fd_close(&ends[0]);
	return pid > 0 ? 0 : -1;
}
