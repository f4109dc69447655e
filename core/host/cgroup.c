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

/** The limit of the group or of an ancestor; 0: it has none. */
static uint64_t limit_at(const struct cgroup *group, size_t depth_len)
{
	const char *name = group->version == 2 ? "memory.max" : "memory.limit_in_bytes";
	char text[64];
	if (!read_at(group, depth_len, name, text, sizeof(text)) || text[0] < '0'
	    || text[0] > '9') {
		return 0;
	}
	uint64_t limit = strtoull(text, NULL, 10);
	/* A limit of 0 is one, too: nothing more may be charged. */
	return limit >= UNLIMITED ? 0 : limit ? limit : 1;
}

uint64_t cgroup_limit(const struct cgroup *group)
{
	uint64_t lowest = 0;
	for (size_t len = strlen(group->folder); len; len = parent_len(group, len)) {
		uint64_t limit = limit_at(group, len);
		if (limit && (!lowest || limit < lowest)) {
			lowest = limit;
		}
	}
	return lowest;
}

/** The number behind a name at the start of a line; 0 if there is none. */
static uint64_t number_of_line(const char *text, const char *name)
{
	size_t len = strlen(name);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ' ') {
			return strtoull(line + len + 1, NULL, 10);
		}
	}
	return 0;
}

/** Pages of files of the group and those below it, which the kernel can take back. */
static uint64_t reclaimable_at(const struct cgroup *group, size_t depth_len)
{
	char text[8192];
	if (!read_at(group, depth_len, "memory.stat", text, sizeof(text))) {
		return 0;
	}
	return group->version == 2
		? number_of_line(text, "inactive_file") + number_of_line(text, "active_file")
		: number_of_line(text, "total_inactive_file")
			+ number_of_line(text, "total_active_file");
}

static struct cgroup_room room_at(const struct cgroup *group, size_t depth_len)
{
	struct cgroup_room room = {
		.limit_bytes = limit_at(group, depth_len),
		.used_bytes = number_at(group, depth_len, usage_name(group)),
	};
	if (room.limit_bytes && room.used_bytes > room.limit_bytes / 2) {
		uint64_t reclaimable = reclaimable_at(group, depth_len);
		room.used_bytes -= reclaimable < room.used_bytes ? reclaimable : room.used_bytes;
	}
	return room;
}

static uint64_t left_of(const struct cgroup_room *room)
{
	return room->limit_bytes > room->used_bytes ? room->limit_bytes - room->used_bytes : 0;
}

struct cgroup_room cgroup_tightest(const struct cgroup *group)
{
	struct cgroup_room tightest = { 0, 0 };
	size_t len = group->version ? strlen(group->folder) : 0;
	for (; len; len = parent_len(group, len)) {
		struct cgroup_room room = room_at(group, len);
		if (room.limit_bytes
		    && (!tightest.limit_bytes || left_of(&room) < left_of(&tightest))) {
			tightest = room;
		}
	}
	return tightest;
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
