// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/cgroup.h"
#include "core/host/buffer.h"
#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * Version 1 says "no limit" as the largest page-aligned long; anything of this order is meant so.
 */
#define UNLIMITED ((uint64_t)1 << 60)

struct mount {
	char *root;
	char *point;
	const char *type;
	const char *options;
};

/** mountinfo writes space, tab, newline and backslash as three octal digits. In place. */
static void unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] && in[3]) {
			*out++ = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = 0;
}

/** "36 35 98:0 /root /point opts [optional...] - type source superopts", cut into its words. */
static bool mount_parse(char *line, struct mount *ret_mount)
{
	char *separator = strstr(line, " - ");
	char *save;
	if (!separator) {
		return false;
	}
	*separator = 0;
	strtok_r(line, " ", &save);
	strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save);
	ret_mount->root = strtok_r(NULL, " ", &save);
	ret_mount->point = strtok_r(NULL, " ", &save);
	ret_mount->type = strtok_r(separator + 3, " ", &save);
	strtok_r(NULL, " ", &save);
	ret_mount->options = strtok_r(NULL, " ", &save);
	if (!ret_mount->root || !ret_mount->point || !ret_mount->type) {
		return false;
	}
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	return true;
}

/** True if a list separated by commas has the word. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);
	while (list) {
		if (strncmp(list, word, len) == 0 && (list[len] == 0 || list[len] == ',')) {
			return true;
		}
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return false;
}

static bool mount_matches(const struct mount *mount, int version)
{
	if (version == 2) {
		return strcmp(mount->type, "cgroup2") == 0;
	}
	return strcmp(mount->type, "cgroup") == 0 && list_has(mount->options, "memory");
}

/**
 * The part of a cgroup's path below what is mounted. A container that has its own subtree mounted
 * (root "/docker/x") but no cgroup namespace sees the full path; one with a namespace that does not
 * cover the process sees "/../..": then the mount point is the best there is.
 */
static const char *path_below(const char *path, const char *mount_root)
{
	size_t len = strlen(mount_root);
	if (strncmp(path, "/..", 3) == 0) {
		return "";
	}
	if (len > 1 && strncmp(path, mount_root, len) == 0
	    && (path[len] == 0 || path[len] == '/')) {
		return path + len;
	}
	if (len > 1) {
		return "";
	}
	return strcmp(path, "/") == 0 ? "" : path;
}

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

/** Does the folder tell its usage? The real root of version 2 does not. */
static bool has_memory(const struct cgroup *group)
{
	char path[CGROUP_PATH_MAX];
	return group_file(group, strlen(group->folder), usage_name(group), path)
		&& access(path, R_OK) == 0;
}

static bool place(struct cgroup *group, const char *root, const struct mount *mount,
		  const char *path)
{
	int point = snprintf(group->folder, sizeof(group->folder), "%s%s", root, mount->point);
	if (point < 0 || (size_t)point >= sizeof(group->folder)) {
		return false;
	}
	group->mount_len = (size_t)point;
	size_t room = sizeof(group->folder) - group->mount_len;
	int len = snprintf(group->folder + point, room, "%s", path_below(path, mount->root));
	return len >= 0 && (size_t)len < room && has_memory(group);
}

static struct cgroup find_below(const char *root, int version, const char *path, char *mounts)
{
	struct cgroup group = { .version = version };
	char *save;
	for (char *line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct mount mount;
		if (mount_parse(line, &mount) && mount_matches(&mount, version)
		    && place(&group, root, &mount, path)) {
			return group;
		}
	}
	return (struct cgroup){ 0 };
}

/** The path of the group in /proc/PID/cgroup: "4:memory:/a" (version 1) or "0::/a". In place. */
static const char *group_path(char *text, int version)
{
	char *save;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path) {
			continue;
		}
		*controllers++ = 0;
		*path++ = 0;
		if (version == 2 ? strcmp(line, "0") == 0 && !*controllers
				 : list_has(controllers, "memory")) {
			return path;
		}
	}
	return NULL;
}

static struct cgroup find_version(const char *root, int version, const struct buffer *groups,
				  const struct buffer *mounts)
{
	cleanup_free char *group_text = strdup(buffer_text(groups));
	cleanup_free char *mount_text = strdup(buffer_text(mounts));
	const char *path = group_text ? group_path(group_text, version) : NULL;
	if (!path || !mount_text) {
		return (struct cgroup){ 0 };
	}
	return find_below(root, version, path, mount_text);
}

struct cgroup cgroup_find(const char *root, pid_t pid)
{
	cleanup_buffer struct buffer groups = { 0 };
	cleanup_buffer struct buffer mounts = { 0 };
	char path[PROC_PATH_MAX];
	if (!proc_path(path, sizeof(path), root, pid, "cgroup")
	    || file_read(path, 1 << 20, &groups) < 0
	    || !proc_path(path, sizeof(path), root, 0, "mountinfo")
	    || file_read(path, 1 << 24, &mounts) < 0) {
		return (struct cgroup){ 0 };
	}
	/*
	 * Where both are mounted a controller belongs to one of them: version 1 if it is listed
	 * there.
	 */
	struct cgroup group = find_version(root, 1, &groups, &mounts);
	return group.version ? group : find_version(root, 2, &groups, &mounts);
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
