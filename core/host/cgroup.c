// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Reading a group whose folder is known; core/host/cgroup_find.c finds it. */
#include "core/host/cgroup.h"
#include "core/host/fd.h"
#include "core/host/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Version 1 says "no limit" as the largest page-aligned long, or something of this order. */
#define UNLIMITED ((uint64_t)1 << 60)

/** A file of the group's folder; depth_len cuts the folder to that of an ancestor. */
static bool group_file(const struct cgroup *group, size_t depth_len, const char *name, char *path)
{
	int len = snprintf(path, CGROUP_PATH_MAX, "%.*s/%s", (int)depth_len, group->folder, name);
	return len > 0 && len < CGROUP_PATH_MAX;
}

static const char *usage_name(const struct cgroup *group)
{
	return group->version == 2 ? "memory.current" : "memory.usage_in_bytes";
}

/** Read a file of the group or an ancestor. False if it is not there. */
static bool read_at(const struct cgroup *group, size_t depth_len, const char *name, char *text,
		    size_t size)
{
	char path[CGROUP_PATH_MAX];
	return group->version && group_file(group, depth_len, name, path)
		&& file_read_text(path, text, size) > 0;
}

static uint64_t number_at(const struct cgroup *group, size_t depth_len, const char *name)
{
	char text[64];
	/* "max" and anything else that is no number is 0. */
	return read_at(group, depth_len, name, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

/** The length of the parent's folder; 0 if len is that of the mount point. */
static size_t parent_len(const struct cgroup *group, size_t len)
{
	while (len > group->mount_len && group->folder[len - 1] != '/') {
		len--;
	}
	return len > group->mount_len ? len - 1 : 0;
}

uint64_t cgroup_limit(const struct cgroup *group)
{
	const char *name = group->version == 2 ? "memory.max" : "memory.limit_in_bytes";
	uint64_t lowest = 0;
	for (size_t len = strlen(group->folder); len; len = parent_len(group, len)) {
		char text[64];
		if (!read_at(group, len, name, text, sizeof(text)) || text[0] < '0'
		    || text[0] > '9') {
			continue;
		}
		uint64_t limit = strtoull(text, NULL, 10);
		if (limit < UNLIMITED && (!lowest || limit < lowest)) {
			/* A limit of 0 is one, too: nothing more may be charged. */
			lowest = limit ? limit : 1;
		}
	}
	return lowest;
}

uint64_t cgroup_usage(const struct cgroup *group)
{
	return number_at(group, strlen(group->folder), usage_name(group));
}

int cgroup_open_usage(const struct cgroup *group)
{
	char path[CGROUP_PATH_MAX];
	if (!group->version
	    || !group_file(group, strlen(group->folder), usage_name(group), path)) {
		return -1;
	}
	return fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
}

uint64_t cgroup_peak(const struct cgroup *group)
{
	const char *name = group->version == 2 ? "memory.peak" : "memory.max_usage_in_bytes";
	return number_at(group, strlen(group->folder), name);
}

/** The number behind "oom_kill " in a file of the group or an ancestor; -1 if there is none. */
static int64_t kills_at(const struct cgroup *group, size_t depth_len, const char *name)
{
	char text[1024];
	if (!read_at(group, depth_len, name, text, sizeof(text))) {
		return -1;
	}
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "oom_kill ", 9) == 0) {
			return strtoll(line + 9, NULL, 10);
		}
	}
	return -1;
}

int64_t cgroup_oom_kills(const struct cgroup *group)
{
	size_t len = strlen(group->folder);
	if (group->version == 1) {
		return kills_at(group, len, "memory.oom_control");
	}
	int64_t kills = kills_at(group, len, "memory.events.local");
	return kills >= 0 ? kills : kills_at(group, len, "memory.events");
}

int64_t cgroup_ancestors_oom_kills(const struct cgroup *group)
{
	const char *name = group->version == 2 ? "memory.events" : "memory.oom_control";
	int64_t sum = -1;
	size_t len = group->version ? parent_len(group, strlen(group->folder)) : 0;
	for (; len; len = parent_len(group, len)) {
		int64_t kills = kills_at(group, len, name);
		if (kills >= 0) {
			sum = (sum < 0 ? 0 : sum) + kills;
		}
	}
	return sum;
}

bool cgroup_dies_together(const struct cgroup *group)
{
	size_t len = group->version == 2 ? strlen(group->folder) : 0;
	for (; len; len = parent_len(group, len)) {
		if (number_at(group, len, "memory.oom.group") == 1) {
			return true;
		}
	}
	return false;
}
