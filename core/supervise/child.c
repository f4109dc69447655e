// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/child.h"

#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/shm/create.h"
#include "core/supervise/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/** More than the supervisor ever holds; it takes a few MB. */
#define BIAS_BYTES ((uint64_t)64 << 20)
#define OOM_ADJ_MAX 1000
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

int child_oom_bias(uint64_t limit_bytes, uint64_t machine_ram_bytes)
{
	uint64_t memory = limit_bytes && (!machine_ram_bytes || limit_bytes < machine_ram_bytes)
		? limit_bytes
		: machine_ram_bytes;
	if (!memory) {
		return 500;
	}
	uint64_t bias = (BIAS_BYTES * OOM_ADJ_MAX + memory - 1) / memory;
	return bias > OOM_ADJ_MAX ? OOM_ADJ_MAX : (int)bias;
}

void child_oom_bias_apply(int bias)
{
	char text[32];
	if (file_read_text("/proc/self/oom_score_adj", text, sizeof(text)) <= 0) {
		return;
	}
	int now = atoi(text);
	int wanted = now + bias > OOM_ADJ_MAX ? OOM_ADJ_MAX : now + bias;
	if (wanted > now) {
		snprintf(text, sizeof(text), "%d", wanted);
		file_put_text("/proc/self/oom_score_adj", text);
	}
}

/** The ceiling of address space is the kernel's own. */
static void address_space_limit(const struct supervise_options *options)
{
	if (options->ceiling_metric == CEILING_ADDRESS_SPACE) {
		struct rlimit limit = { options->ceiling_bytes, options->ceiling_bytes };
		setrlimit(RLIMIT_AS, &limit);
	}
}

/** In the new process. Every descriptor of ours is close-on-exec, error_fd included. */
static _Noreturn void child_run(const struct child_plan *plan, int error_fd)
{
	segment_expect(plan->passing->header, plan->passing->slot, (uint32_t)getpid());
	child_oom_bias_apply(plan->oom_bias);
	signals_restore(plan->signals);
	address_space_limit(plan->options);
	execve(plan->options->program, plan->options->argv, plan->environment);
	int error = errno;
	fd_write_all(error_fd, &error, sizeof(error));
	_exit(STATUS_NOT_FOUND);
}

static void explain(const char *program, int error, struct supervise_error *ret_error)
{
	if (error == ENOENT && access(program, F_OK) == 0) {
		error_set(ret_error, STATUS_NOT_EXECUTABLE, 0,
			  "cannot run %s: the interpreter that it names (#! line or ELF loader)"
			  " does not exist",
			  program);
	} else if (error == ENOENT || error == ENOTDIR) {
		error_set(ret_error, STATUS_NOT_FOUND, error, "cannot run %s", program);
	} else if (error == ENOEXEC) {
		error_set(ret_error, STATUS_NOT_EXECUTABLE, 0,
			  "cannot run %s: neither a program for this machine nor a script with a #!"
			  " line (try: sh %s)",
			  program, program);
	} else {
		error_set(ret_error, STATUS_NOT_EXECUTABLE, error, "cannot run %s", program);
	}
}

static pid_t reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	return -1;
}

/**
 * fork, and the child's next image will lie where it always does. personality(2) is inherited; ours
 * is put back. Refused by some containers' filters: then everything is as usual.
 */
static pid_t fork_at_fixed_addresses(bool is_wanted, bool *ret_is_randomised)
{
	const unsigned long query = 0xffffffff;
	int before = is_wanted ? personality(query) : -1;
	*ret_is_randomised = is_wanted
		&& (before < 0 || personality((unsigned long)before | ADDR_NO_RANDOMIZE) < 0);
	pid_t pid = fork();
	if (pid != 0 && before >= 0) {
		personality((unsigned long)before);
	}
	return pid;
}

pid_t child_start(const struct child_plan *plan, bool *ret_is_randomised,
		  struct supervise_error *ret_error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(ret_error, 125, errno, "cannot make a pipe");
		return -1;
	}
	cleanup_fd int read_end = fd_above_stdio(ends[0]);
	cleanup_fd int write_end = fd_above_stdio(ends[1]);
	pid_t pid = fork_at_fixed_addresses(plan->options->is_deterministic, ret_is_randomised);
	if (pid == 0) {
		child_run(plan, write_end);
	}
	if (pid < 0) {
		error_set(ret_error, 125, errno, "cannot start a process");
		return -1;
	}
	fd_close(&write_end);
	int error = 0;
	ssize_t got;
	do {
		got = read(read_end, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(error)) {
		/* Closed by the exec. (Or it was killed on the way: then its status says so.) */
		return pid;
	}
	explain(plan->options->program, error, ret_error);
	return reap(pid);
}
