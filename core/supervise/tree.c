// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/tree.h"

#include "core/host/proc.h"

#include <signal.h>

/** Processes that are born while we stop the others are found by looking again, so often. */
#define ROUNDS_MAX 8
/** What is tried first; as many as there are is what is taken. */
#define LIST_ROOM 64u

#define SIGNAL_BIT(signal) ((uint64_t)1 << ((signal) - 1))
#define STOPS \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

/* ---- who they are ---- */

static size_t count_of(const struct buffer *processes)
{
	return processes->len / sizeof(struct descendant);
}

static const struct descendant *at(const struct buffer *processes, size_t i)
{
	return (const struct descendant *)processes->data + i;
}

static bool has(const struct buffer *processes, const struct descendant *process)
{
	for (size_t i = 0; i < count_of(processes); i++) {
		if (at(processes, i)->pid == process->pid
		    && at(processes, i)->start_ticks == process->start_ticks) {
			return true;
		}
	}
	return false;
}

static void list_pid(const char *root, pid_t pid, struct buffer *list)
{
	struct proc_stat stat;
	if (proc_read_stat(root, pid, &stat)) {
		struct descendant process = { pid, stat.start_ticks };
		buffer_append(list, &process, sizeof(process));
	}
}

static void list_below(const struct descendants *below, struct buffer *list)
{
	cleanup_buffer struct buffer pids = { 0 };
	size_t room, found = LIST_ROOM;
	do {
		room = found;
		if (!buffer_reserve(&pids, room * sizeof(pid_t))) {
			return;
		}
		found = proc_descendants(below->root, below->workload, (pid_t *)pids.data, room);
	} while (found > room);
	for (size_t i = 0; i < found; i++) {
		list_pid(below->root, ((const pid_t *)pids.data)[i], list);
	}
}

/** The children of the dead are nobody's; those that were known before are remembered. */
static void list_orphans(const struct descendants *below, struct buffer *list)
{
	for (uint32_t i = 0; i < below->known_count; i++) {
		const struct descendant *known = &below->known[i];
		if (descendant_exists(below->root, known) && !has(list, known)) {
			buffer_append(list, known, sizeof(*known));
		}
	}
}

/** From the top: who is stopped starts nobody. */
static void list_tree(const struct descendants *below, enum tree_part part, struct buffer *list)
{
	if (part == TREE_WITH_WORKLOAD) {
		list_pid(below->root, below->workload, list);
	}
	list_below(below, list);
	list_orphans(below, list);
}

/* ---- holding ---- */

static bool is_running(const char *root, pid_t pid)
{
	struct proc_stat stat;
	/* Z: of a process whose first thread has ended others may run. */
	return proc_read_stat(root, pid, &stat) && stat.state != 'T' && stat.state != 't';
}

/** How many were not known to be held, and ran. */
static size_t hold_once(const struct descendants *below, enum tree_part part, struct held *held)
{
	cleanup_buffer struct buffer list = { 0 };
	size_t before = count_of(&held->processes);
	list_tree(below, part, &list);
	for (size_t i = 0; i < count_of(&list); i++) {
		const struct descendant *process = at(&list, i);
		if (has(&held->processes, process) || !is_running(below->root, process->pid)) {
			continue;
		}
		will_add(held->will, process);
		if (kill(process->pid, SIGSTOP) == 0) {
			buffer_append(&held->processes, process, sizeof(*process));
		}
	}
	return count_of(&held->processes) - before;
}

void tree_hold(const struct descendants *below, enum tree_part part, struct held *held)
{
	for (int i = 0; i < ROUNDS_MAX && hold_once(below, part, held); i++) {
	}
}

/** Stop signals that wait in a process until it goes on, which would drop them. */
static uint64_t pending_stops(const char *root, pid_t pid)
{
	char text[4096];
	struct proc_stat stat;
	if (!proc_read_stat(root, pid, &stat) || !proc_read_status(root, pid, text, sizeof(text))) {
		return 0;
	}
	uint64_t pending =
		proc_parse_signals(text, "ShdPnd:") | proc_parse_signals(text, "SigPnd:");
	/* Until it has stopped, one of these is ours. */
	return pending & STOPS & ~(stat.state == 'T' ? 0 : SIGNAL_BIT(SIGSTOP));
}

static void let_go(const char *root, pid_t pid)
{
	uint64_t stops = pending_stops(root, pid);
	kill(pid, SIGCONT);
	for (int signal = 1; stops >> (signal - 1); signal++) {
		if (stops & SIGNAL_BIT(signal)) {
			kill(pid, signal);
		}
	}
}

void tree_release(const char *proc_root, struct held *held)
{
	for (size_t i = 0; i < count_of(&held->processes); i++) {
		const struct descendant *process = at(&held->processes, i);
		if (descendant_exists(proc_root, process)) {
			let_go(proc_root, process->pid);
		}
	}
	will_clear(held->will);
	buffer_done(&held->processes);
}

void tree_kill(const struct descendants *below)
{
	cleanup_buffer struct buffer list = { 0 };
	/* Listed before the first dies, whose children would be nobody's. */
	list_tree(below, TREE_WITH_WORKLOAD, &list);
	for (size_t i = 0; i < count_of(&list); i++) {
		kill(at(&list, i)->pid, SIGKILL);
	}
}
