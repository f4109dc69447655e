// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What a process and its cgroup use right now. Small files are kept open and read again: about
 * ten microseconds a time.
 */
#ifndef OOMSIM_USAGE_H
#define OOMSIM_USAGE_H

#include "core/base/breach.h"
#include "core/host/cgroup.h"
#include "oomsim/verdict.h"

#include <stdint.h>
#include <sys/types.h>

/** Bytes; 0 where the kernel does not say. Resident memory is 0 for a process that has ended. */
struct usage {
	/** Of the process alone. */
	struct charge charge;
	uint64_t file_bytes;
	uint64_t peak_rss_bytes;
	uint64_t cgroup_bytes;
};

/** Where the usage of one process is read. */
struct usage_source {
	const char *root;
	pid_t pid;
	int status_fd;
	/** /proc/PID/cgroup: its content is compared, because a process may move. */
	int membership_fd;
	uint64_t membership_hash;
	struct cgroup group;
	/** The group's usage. */
	int group_fd;
};

/**
 * Begin with our own group, which a process that we start is in until it moves. root as in
 * core/host/proc.h; it must live as long as the source.
 */
void usage_open(struct usage_source *source, const char *root);

/** Read this process from now on. */
void usage_attach(struct usage_source *source, pid_t pid);
void usage_close(struct usage_source *source);

/** True if the process is in another cgroup than at the last call: group is the new one then. */
bool usage_follow(struct usage_source *source);

/** Read it now. segment_bytes of its shared memory are ours and are left out. */
struct usage usage_read(const struct usage_source *source, uint64_t segment_bytes);

/** The counters of kills as they stand, for a group (version 0: only the machine's). */
struct oom_counters usage_oom_counters(const char *root, const struct cgroup *group);

#endif
