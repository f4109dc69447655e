// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/descendants.h"

#include "core/host/proc.h"
#include "core/supervise/program.h"
#include "core/supervise/sampler.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_MS 100u
/** Processor time that looking may take: one part in so many. */
#define COST_PARTS 500u

void descendants_open(struct descendants *d, const char *root, pid_t workload)
{
	struct proc_stat stat = { 0 };
	proc_read_stat(root, workload, &stat);
	*d = (struct descendants){
		.root = root,
		.workload = workload,
		.workload_start_ticks = stat.start_ticks,
	};
}

bool descendant_exists(const char *root, const struct descendant *known)
{
	struct proc_stat stat;
	return proc_read_stat(root, known->pid, &stat) && stat.start_ticks == known->start_ticks;
}

static bool is_known(const struct descendants *d, const struct descendant *descendant)
{
	for (uint32_t i = 0; i < d->known_count; i++) {
		if (d->known[i].pid == descendant->pid
		    && d->known[i].start_ticks == descendant->start_ticks) {
			return true;
		}
	}
	return false;
}

static void forget_gone(struct descendants *d)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < d->known_count; i++) {
		if (descendant_exists(d->root, &d->known[i])) {
			d->known[kept++] = d->known[i];
		}
	}
	d->known_count = kept;
}

static void meet(struct descendants *d, pid_t pid)
{
	struct proc_stat stat;
	if (!proc_read_stat(d->root, pid, &stat)) {
		return;
	}
	struct descendant descendant = { pid, stat.start_ticks };
	/* With no room left to remember them, new ones are not counted: better too few than again
	   and again. */
	if (d->known_count < DESCENDANTS_KNOWN && !is_known(d, &descendant)) {
		d->count++;
		d->known[d->known_count++] = descendant;
	}
	uint64_t rss_bytes = proc_read_memory(d->root, pid).peak_rss_bytes;
	if (rss_bytes > d->max_rss_bytes) {
		d->max_rss_bytes = rss_bytes;
	}
}

void descendants_look(struct descendants *d, uint64_t now_ms)
{
	pid_t pids[DESCENDANTS_KNOWN];
	uint64_t start_us = sampler_cpu_us();
	forget_gone(d);
	size_t found = proc_descendants(d->root, d->workload, pids, DESCENDANTS_KNOWN);
	for (size_t i = 0; i < found && i < DESCENDANTS_KNOWN; i++) {
		meet(d, pids[i]);
	}
	uint64_t wait_ms = (sampler_cpu_us() - start_us) * COST_PARTS / 1000u;
	d->next_ms = now_ms + (wait_ms > INTERVAL_MS ? wait_ms : INTERVAL_MS);
}

struct search {
	const struct descendants *d;
	struct program_mark segment;
	char own_program[PATH_MAX];
	uint32_t count;
};

static bool read_program(const char *root, pid_t pid, char *program)
{
	char path[PROC_PATH_MAX];
	ssize_t len = proc_path(path, sizeof(path), root, pid, "exe")
		? readlink(path, program, PATH_MAX - 1)
		: -1;
	program[len > 0 ? len : 0] = 0;
	return len > 0;
}

/**
 * An orphan in our process group, which is the workload's: it was given to somebody else when its
 * parent died, and that is nearly always somebody of another session (init, a service manager). The
 * other programs of a pipeline have a shell of our session for a parent. Where the shell is process
 * 1 itself they can only be told by having been started before the workload.
 */
static bool is_orphan_of_group(const struct search *search, const struct proc_stat *stat)
{
	struct proc_stat parent;
	if (stat->group != getpgrp()) {
		return false;
	}
	if (stat->parent == getpid() || !proc_read_stat(search->d->root, stat->parent, &parent)
	    || parent.session != stat->session) {
		return true;
	}
	return stat->parent == 1 && stat->start_ticks > search->d->workload_start_ticks;
}

/** Whoever started us: it may be as young as the workload, the clock of processes ticks slowly. */
static bool is_ancestor(const struct search *search, pid_t pid)
{
	struct proc_stat stat;
	pid_t above = getppid();
	while (above > 1 && above != pid && proc_read_stat(search->d->root, above, &stat)) {
		above = stat.parent;
	}
	return above == pid;
}

/**
 * One of our own (a report that is being written has the segment mapped, too), or one that is about
 * to end: it has no program any more.
 */
static bool is_ours_or_ending(const struct search *search, pid_t pid)
{
	char program[PATH_MAX];
	if (pid == getpid() || is_ancestor(search, pid)) {
		return true;
	}
	if (!read_program(search->d->root, pid, program)) {
		return errno == ENOENT;
	}
	return strcmp(program, search->own_program) == 0;
}

static bool count_survivor(pid_t pid, void *data)
{
	struct search *search = data;
	const struct descendants *d = search->d;
	struct proc_stat stat;
	if (pid == d->workload || !proc_read_stat(d->root, pid, &stat) || stat.state == 'Z'
	    || stat.state == 'X' || stat.start_ticks < d->workload_start_ticks) {
		return true;
	}
	struct descendant descendant = { pid, stat.start_ticks };
	if (is_known(d, &descendant)
	    || (!is_ours_or_ending(search, pid)
		&& (is_orphan_of_group(search, &stat)
		    || program_maps(d->root, pid, &search->segment)))) {
		search->count++;
	}
	return true;
}

void descendants_forget(struct descendants *d)
{
	d->count = 0;
	d->max_rss_bytes = 0;
}

uint32_t descendants_survivors(const struct descendants *d, int segment_fd)
{
	struct search search = { .d = d };
	if (!program_mark(segment_fd, &search.segment)) {
		return 0;
	}
	read_program(d->root, 0, search.own_program);
	proc_each(d->root, count_survivor, &search);
	return search.count;
}
