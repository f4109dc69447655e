// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Finding the group's folder: from /proc/PID/cgroup and /proc/self/mountinfo to a path. */
#include "core/host/buffer.h"
#include "core/host/cgroup.h"
#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/** Does the folder tell its usage? The real root of version 2 does not. */
static bool has_memory(const struct cgroup *group)
{
	cleanup_fd int fd = cgroup_open_usage(group);
	return fd >= 0;
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
