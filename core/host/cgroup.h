// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The memory cgroup of a process: version 1, version 2 or both mounted, inside a container (cgroup
 * namespace, bind-mounted subtree) or not. Tolerates everything: what cannot be found is 0 or -1.
 * Layouts: Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst, proc_pid_mountinfo(5).
 */
#ifndef CORE_HOST_CGROUP_H
#define CORE_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX 4352

struct cgroup {
	/** 1 or 2; 0: there is no memory cgroup that we can see. */
	int version;
	/** The process's own folder, root included; below it are memory.current and the like. */
	char folder[CGROUP_PATH_MAX];
	/** Length of the mount point in folder: ancestors are the prefixes from here on. */
	size_t mount_len;
};

/** Find the memory cgroup of a process (pid 0: our own). version 0 if there is none. */
struct cgroup cgroup_find(const char *root, pid_t pid);

/** The smallest limit over the group and all ancestors, in bytes; 0: none. */
uint64_t cgroup_limit(const struct cgroup *group);

/** A group's limit, and how much of it is used by what the kernel cannot take back. */
struct cgroup_room {
	uint64_t limit_bytes; /* 0: there is none */
	uint64_t used_bytes;
};

/**
 * Of the group and all ancestors that have a limit: the one which has the least room left. Pages of
 * files, which the kernel takes back before it kills anybody, do not count as used. (They are asked
 * for in groups that are more than half full only: with version 2 that may cost a millisecond.)
 */
struct cgroup_room cgroup_tightest(const struct cgroup *group);

/** Bytes charged to the group now; 0: not known. */
uint64_t cgroup_usage(const struct cgroup *group);

/**
 * The file that the usage is read from, to be kept open and read with fd_read_text; -1 if there is
 * none.
 */
int cgroup_open_usage(const struct cgroup *group);

/** Highest usage ever, as the kernel recorded it (memory.peak from 5.19 on); 0: not known. */
uint64_t cgroup_peak(const struct cgroup *group);

/**
 * Processes of this group that the kernel killed for lack of memory. With version 2 that is
 * memory.events.local; before 5.2 memory.events, which counts groups below it too. -1: not known.
 */
int64_t cgroup_oom_kills(const struct cgroup *group);

/** The same summed over all ancestors (without the group); -1: not known of any. */
int64_t cgroup_ancestors_oom_kills(const struct cgroup *group);

/**
 * True if the kernel, when it kills a process of the group for lack of memory, kills all processes
 * of it (and perhaps of more): memory.oom.group of the group or of an ancestor is 1. An ancestor's
 * counts when its own limit or one above it was reached, or the machine is out of memory.
 */
bool cgroup_dies_together(const struct cgroup *group);

#endif
