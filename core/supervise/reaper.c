// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/reaper.h"

#include "core/host/proc.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool reaper_is_needed(void)
{
	int is_subreaper = 0;
	return getpid() == 1
		|| (prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0) == 0 && is_subreaper);
}

struct reaping {
	const char *root;
	pid_t workload;
	pid_t witness;
	char own_name[16];
};

/** A fork of ours keeps our name; an orphan of the workload's has another. */
static bool is_orphan(const struct reaping *reaping, pid_t pid)
{
	struct proc_stat stat;
	return pid != reaping->workload && pid != reaping->witness
		&& (!proc_read_stat(reaping->root, pid, &stat)
		    || strcmp(stat.name, reaping->own_name) != 0);
}

static bool reap_if_orphan(pid_t pid, void *data)
{
	const struct reaping *reaping = data;
	struct proc_stat stat;
	if (proc_read_stat(reaping->root, pid, &stat) && stat.parent == getpid()
	    && stat.state == 'Z' && is_orphan(reaping, pid)) {
		waitpid(pid, NULL, WNOHANG);
	}
	return true;
}

bool reaper_reap(const char *proc_root, pid_t workload, pid_t witness)
{
	struct reaping reaping = { .root = proc_root, .workload = workload, .witness = witness };
	struct proc_stat own;
	if (proc_read_stat(proc_root, 0, &own)) {
		memcpy(reaping.own_name, own.name, sizeof(own.name));
	}
	for (;;) {
		siginfo_t info = { 0 };
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid) {
			return false;
		}
		if (!is_orphan(&reaping, info.si_pid)) {
			/* The kernel shows only the first; those behind it are found by name. */
			proc_each(proc_root, reap_if_orphan, &reaping);
			return info.si_pid != workload && info.si_pid != witness;
		}
		waitpid(info.si_pid, NULL, WNOHANG);
	}
}
