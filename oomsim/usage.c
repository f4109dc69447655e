// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/usage.h"

#include "core/base/hash.h"
#include "core/host/fd.h"
#include "core/host/proc.h"
#include "oomsim/ceiling.h"

#include <fcntl.h>
#include <stdlib.h>

static int open_of(const struct usage_source *source, const char *name)
{
	char path[PROC_PATH_MAX];
	if (!proc_path(path, sizeof(path), source->root, source->pid, name)) {
		return -1;
	}
	return fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
}

/** A number for what /proc/PID/cgroup says now; 0 if it says nothing. */
static uint64_t membership(const struct usage_source *source)
{
	char text[4096];
	ssize_t len = source->membership_fd < 0
		? -1
		: fd_read_text(source->membership_fd, text, sizeof(text));
	return len > 0 ? hash_bytes(text, (size_t)len) : 0;
}

/** The group of this process is the one to be read from now on. */
static void enter(struct usage_source *source, pid_t pid)
{
	source->group = cgroup_find(source->root, pid);
	fd_close(&source->group_fd);
	source->group_fd = cgroup_open_usage(&source->group);
}

void usage_open(struct usage_source *source, const char *root)
{
	*source = (struct usage_source){ .root = root, .status_fd = -1, .group_fd = -1 };
	source->membership_fd = open_of(source, "cgroup");
	source->membership_hash = membership(source);
	fd_close(&source->membership_fd);
	enter(source, 0);
}

void usage_attach(struct usage_source *source, pid_t pid)
{
	source->pid = pid;
	source->status_fd = open_of(source, "status");
	source->membership_fd = open_of(source, "cgroup");
}

void usage_close(struct usage_source *source)
{
	fd_close(&source->status_fd);
	fd_close(&source->membership_fd);
	fd_close(&source->group_fd);
}

bool usage_follow(struct usage_source *source)
{
	struct proc_stat stat;
	uint64_t hash = membership(source);
	/*
	 * A process that is about to end is shown in the root group. The one it was in is what
	 * counts.
	 */
	if (!hash || hash == source->membership_hash
	    || !proc_read_stat(source->root, source->pid, &stat) || stat.is_exiting) {
		return false;
	}
	source->membership_hash = hash;
	enter(source, source->pid);
	return true;
}

/** False, with an empty charge, if the process has ended. */
static bool read_status(const struct usage_source *source, uint64_t segment_bytes, char *text,
			size_t size, struct charge *ret)
{
	if (source->status_fd < 0 || fd_read_text(source->status_fd, text, size) <= 0) {
		return false;
	}
	/* Its first thread may have ended while others run. */
	return ceiling_parse_status(text, segment_bytes, ret)
		|| (proc_read_status(source->root, source->pid, text, size)
		    && ceiling_parse_status(text, segment_bytes, ret));
}

struct usage usage_read(const struct usage_source *source, uint64_t segment_bytes)
{
	char text[4096];
	struct proc_memory memory = { 0 };
	struct charge charge = { 0 };
	if (read_status(source, segment_bytes, text, sizeof(text), &charge)) {
		memory = proc_parse_memory(text);
	}
	char number[32];
	bool has_group = source->group_fd >= 0
		&& fd_read_text(source->group_fd, number, sizeof(number)) > 0;
	return (struct usage){
		.charge = charge,
		.file_bytes = memory.file_bytes,
		.peak_rss_bytes = memory.peak_rss_bytes,
		.cgroup_bytes = has_group ? strtoull(number, NULL, 10) : 0,
	};
}

struct oom_counters usage_oom_counters(const char *root, const struct cgroup *group)
{
	return (struct oom_counters){
		.own = cgroup_oom_kills(group),
		.ancestors = cgroup_ancestors_oom_kills(group),
		.machine = proc_machine_oom_kills(root),
	};
}
