// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * proc_descendants, in its two ways. Results are kept in the caller's array, which is the queue
 * too.
 */
#include "core/host/buffer.h"
#include "core/host/file.h"
#include "core/host/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct found {
	pid_t *pids;
	size_t max;
	size_t count;
};

static void found_add(struct found *found, pid_t pid)
{
	if (found->count < found->max) {
		found->pids[found->count] = pid;
	}
	found->count++;
}

/** The lists of children of one process: a list per thread. */
struct listing {
	const char *root;
	pid_t pid;
	struct found *found;
};

static bool add_children_of_thread(pid_t tid, void *data)
{
	const struct listing *listing = data;
	char name[64];
	char path[PROC_PATH_MAX];
	cleanup_buffer struct buffer list = { 0 };
	snprintf(name, sizeof(name), "task/%d/children", (int)tid);
	if (!proc_path(path, sizeof(path), listing->root, listing->pid, name)
	    || file_read(path, 1 << 20, &list) < 0) {
		return true;
	}
	const char *next = buffer_text(&list);
	char *end;
	for (long child; (child = strtol(next, &end, 10)) > 0; next = end) {
		found_add(listing->found, (pid_t)child);
	}
	return true;
}

static bool has_children_lists(const char *root, pid_t pid)
{
	char name[64];
	char path[PROC_PATH_MAX];
	snprintf(name, sizeof(name), "task/%d/children", (int)pid);
	return proc_path(path, sizeof(path), root, pid, name) && access(path, R_OK) == 0;
}

static void descend_by_lists(const char *root, pid_t pid, struct found *found)
{
	size_t next = 0;
	for (;;) {
		struct listing listing = { root, pid, found };
		proc_each_thread(root, pid, add_children_of_thread, &listing);
		if (next >= found->count || next >= found->max) {
			return;
		}
		pid = found->pids[next++];
	}
}

struct link {
	pid_t pid;
	pid_t parent;
};

struct scan {
	const char *root;
	struct buffer links;
};

static bool scan_add(pid_t pid, void *data)
{
	struct scan *scan = data;
	struct proc_stat stat;
	if (proc_read_stat(scan->root, pid, &stat)) {
		struct link link = { pid, stat.parent };
		buffer_append(&scan->links, &link, sizeof(link));
	}
	return true;
}

static void descend_by_scan(const char *root, pid_t pid, struct found *found)
{
	struct scan scan = { .root = root };
	proc_each(root, scan_add, &scan);
	const struct link *links = (const struct link *)scan.links.data;
	size_t link_count = scan.links.len / sizeof(*links);
	size_t next = 0;
	for (;;) {
		for (size_t i = 0; i < link_count; i++) {
			if (links[i].parent == pid) {
				found_add(found, links[i].pid);
			}
		}
		if (next >= found->count || next >= found->max) {
			break;
		}
		pid = found->pids[next++];
	}
	buffer_done(&scan.links);
}

size_t proc_descendants(const char *root, pid_t pid, pid_t *ret_pids, size_t max)
{
	struct found found = { ret_pids, max, 0 };
	if (has_children_lists(root, pid)) {
		descend_by_lists(root, pid, &found);
	} else {
		descend_by_scan(root, pid, &found);
	}
	return found.count;
}
