// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The rights with which a process reaches files: its effective ids and capabilities, as
 * /proc/PID/status has them (proc(5)). We may be root and it may not: whatever is read or written
 * where the process says is for a process of ours that has taken its rights on.
 */
#ifndef CORE_HOST_RIGHTS_H
#define CORE_HOST_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rights {
	uid_t user;
	gid_t group;
	/** Supplementary groups. Owned. */
	gid_t *groups;
	size_t group_count;
	/** Bit N is capability number N. */
	uint64_t capabilities;
	/**
	 * Real, effective, saved and file-system ids differ, and the real user is not root: a
	 * setuid program lends them. (Root may give them up for a while.)
	 */
	bool is_lent;
};

/** Parse the text of /proc/PID/status. 0, or -1 with errno EPROTO or ENOMEM. */
int rights_parse(struct rights *ret_rights, const char *status);

/** Read those of a process (0: our own), also of a zombie. 0, or -1 with errno. */
int rights_read(struct rights *ret_rights, const char *proc_root, pid_t pid);

/** True if whoever has these may not do less than whoever has the others. */
bool rights_are_equal(const struct rights *rights, const struct rights *others);

/**
 * Take them on, for good and never any that we lack. 0; -1 with errno (EPERM) if we cannot: then
 * some may have been taken on. For a process that has one thread.
 */
int rights_assume(const struct rights *rights);

void rights_done(struct rights *rights);

#endif
