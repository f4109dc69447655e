// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/proc.h"

#include "core/base/hash.h"
#include "core/host/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PF_EXITING, include/linux/sched.h: the same since 2.6. */
#define FLAG_EXITING 0x4u

bool proc_path(char *path, size_t size, const char *root, pid_t pid, const char *name)
{
	int len = pid ? snprintf(path, size, "%s/proc/%d/%s", root, (int)pid, name)
		      : snprintf(path, size, "%s/proc/self/%s", root, name);
	return len > 0 && (size_t)len < size;
}

bool proc_is_ours(const char *root)
{
	char path[PROC_PATH_MAX];
	char number[32];
	snprintf(path, sizeof(path), "%s/proc/self", root);
	ssize_t len = readlink(path, number, sizeof(number) - 1);
	number[len > 0 ? len : 0] = 0;
	return atoi(number) == getpid();
}

const char *proc_line(const char *text, const char *key)
{
	size_t len = strlen(key);
	while (text && strncmp(text, key, len) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text ? text + len : NULL;
}

static uint64_t line_number(const char *text, const char *key, uint64_t unit)
{
	const char *value = proc_line(text, key);
	return value ? strtoull(value, NULL, 10) * unit : 0;
}

struct proc_memory proc_parse_memory(const char *status)
{
	return (struct proc_memory){
		.anonymous_bytes = line_number(status, "RssAnon:", 1024),
		.file_bytes = line_number(status, "RssFile:", 1024),
		.shared_bytes = line_number(status, "RssShmem:", 1024),
		.peak_rss_bytes = line_number(status, "VmHWM:", 1024),
		.threads = (uint32_t)line_number(status, "Threads:", 1),
	};
}

bool proc_parse_shares(const char *rollup, uint64_t *ret_anonymous_bytes,
		       uint64_t *ret_shared_bytes)
{
	if (!proc_line(rollup, "Pss_Anon:")) {
		return false;
	}
	*ret_anonymous_bytes = line_number(rollup, "Pss_Anon:", 1024);
	*ret_shared_bytes = line_number(rollup, "Pss_Shmem:", 1024);
	return true;
}

uint64_t proc_parse_signals(const char *status, const char *name)
{
	const char *value = proc_line(status, name);
	return value ? strtoull(value, NULL, 16) : 0;
}

bool proc_parse_stat(const char *text, struct proc_stat *ret_stat)
{
	/* The name in the second field may contain anything, parentheses and newlines included: its
	   end is the last one. Fields after it: proc_pid_stat(5), from (3) state on. */
	const char *name = strchr(text, '(');
	const char *name_end = strrchr(text, ')');
	struct proc_stat stat = { 0 };
	unsigned long long faults, user, system, start;
	unsigned flags;
	if (!name || !name_end || name_end < name
	    || sscanf(name_end + 1,
		      " %c %d %d %d %*d %*d %u %llu %*u %*u %*u %llu %llu"
		      " %*d %*d %*d %*d %*d %*d %llu",
		      &stat.state, &stat.parent, &stat.group, &stat.session, &flags, &faults, &user,
		      &system, &start)
		       != 9) {
		return false;
	}
	snprintf(stat.name, sizeof(stat.name), "%.*s", (int)(name_end - name - 1), name + 1);
	stat.is_exiting = flags & FLAG_EXITING;
	stat.minor_faults = faults;
	stat.user_ticks = user;
	stat.system_ticks = system;
	stat.start_ticks = start;
	*ret_stat = stat;
	return true;
}

bool proc_read_stat(const char *root, pid_t pid, struct proc_stat *ret_stat)
{
	char path[PROC_PATH_MAX];
	char text[1024];
	return proc_path(path, sizeof(path), root, pid, "stat")
		&& file_read_text(path, text, sizeof(text)) > 0 && proc_parse_stat(text, ret_stat);
}

/** The number that a folder of /proc is named by; 0 if it is not a process. */
static pid_t entry_pid(const struct dirent *entry)
{
	char *end;
	long pid = strtol(entry->d_name, &end, 10);
	return *end == 0 && pid > 0 && pid == (pid_t)pid ? (pid_t)pid : 0;
}

static void each_number(const char *folder, bool (*visit)(pid_t pid, void *data), void *data)
{
	DIR *stream = opendir(folder);
	if (!stream) {
		return;
	}
	const struct dirent *entry;
	while ((entry = readdir(stream))) {
		pid_t pid = entry_pid(entry);
		if (pid && !visit(pid, data)) {
			break;
		}
	}
	closedir(stream);
}

void proc_each(const char *root, bool (*visit)(pid_t pid, void *data), void *data)
{
	char path[PROC_PATH_MAX];
	if ((size_t)snprintf(path, sizeof(path), "%s/proc", root) < sizeof(path)) {
		each_number(path, visit, data);
	}
}

void proc_each_thread(const char *root, pid_t pid, bool (*visit)(pid_t tid, void *data), void *data)
{
	char path[PROC_PATH_MAX];
	if (proc_path(path, sizeof(path), root, pid, "task")) {
		each_number(path, visit, data);
	}
}

struct status_of_thread {
	const char *root;
	pid_t pid;
	char *text;
	size_t size;
};

/** Until one has memory. What was read before stays where nothing can be read. */
static bool read_status_of_thread(pid_t tid, void *data)
{
	const struct status_of_thread *status = data;
	char name[64];
	char path[PROC_PATH_MAX];
	char text[4096];
	snprintf(name, sizeof(name), "task/%d/status", (int)tid);
	if (!proc_path(path, sizeof(path), status->root, status->pid, name)
	    || file_read_text(path, text, sizeof(text)) <= 0 || !proc_line(text, "RssAnon:")) {
		return true;
	}
	snprintf(status->text, status->size, "%s", text);
	return false;
}

bool proc_read_status(const char *root, pid_t pid, char *text, size_t size)
{
	char path[PROC_PATH_MAX];
	if (!proc_path(path, sizeof(path), root, pid, "status")
	    || file_read_text(path, text, size) <= 0) {
		return false;
	}
	if (!proc_line(text, "RssAnon:")) {
		struct status_of_thread status = { root, pid, text, size };
		proc_each_thread(root, pid, read_status_of_thread, &status);
	}
	return true;
}

pid_t proc_tracer(const char *root, pid_t pid)
{
	char text[4096];
	return proc_read_status(root, pid, text, sizeof(text))
		? (pid_t)line_number(text, "TracerPid:", 1)
		: 0;
}

struct proc_memory proc_read_memory(const char *root, pid_t pid)
{
	char text[4096];
	if (!proc_read_status(root, pid, text, sizeof(text))) {
		return (struct proc_memory){ 0 };
	}
	return proc_parse_memory(text);
}

int64_t proc_machine_oom_kills(const char *root)
{
	char path[PROC_PATH_MAX];
	cleanup_buffer struct buffer text = { 0 };
	snprintf(path, sizeof(path), "%s/proc/vmstat", root);
	if (file_read(path, 1 << 20, &text) < 0) {
		return -1;
	}
	const char *value = proc_line(buffer_text(&text), "oom_kill ");
	return value ? strtoll(value, NULL, 10) : -1;
}

uint64_t proc_machine_ram(const char *root)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	return file_read_text(path, text, sizeof(text)) > 0 ? line_number(text, "MemTotal:", 1024)
							    : 0;
}

bool proc_machine_available(const char *root, uint64_t *ret_bytes)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	if (file_read_text(path, text, sizeof(text)) <= 0 || !proc_line(text, "MemAvailable:")) {
		return false;
	}
	*ret_bytes =
		line_number(text, "MemAvailable:", 1024) + line_number(text, "SwapFree:", 1024);
	return true;
}

uint64_t proc_boot(const char *root)
{
	char path[PROC_PATH_MAX];
	char id[64];
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/random/boot_id", root);
	ssize_t len = file_read_text(path, id, sizeof(id));
	return len > 0 ? hash_bytes(id, (size_t)len) : 0;
}

uint64_t proc_pid_namespace(const char *root)
{
	char path[PROC_PATH_MAX];
	char name[64];
	snprintf(path, sizeof(path), "%s/proc/self/ns/pid", root);
	ssize_t len = readlink(path, name, sizeof(name));
	return len > 0 ? hash_bytes(name, (size_t)len) : 0;
}
