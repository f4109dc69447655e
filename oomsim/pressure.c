// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/pressure.h"

#include "core/base/saturate.h"
#include "core/host/file.h"
#include "core/host/proc.h"
#include "oomsim/ceiling.h"

#include <stdlib.h>
#include <unistd.h>

void pressure_done(struct pressure *pressure)
{
	free(pressure->parts);
	*pressure = (struct pressure){ 0 };
}

void charge_add(struct charge *a, const struct charge *b)
{
	a->anonymous_bytes += b->anonymous_bytes;
	a->shared_bytes += b->shared_bytes;
	a->page_table_bytes += b->page_table_bytes;
	a->kernel_bytes += b->kernel_bytes;
	a->threads += b->threads;
	a->processes += b->processes;
}

/** The i-th of them: the first is the workload, which alone has the segment. */
static bool read_process(const struct process_tree *tree, size_t i, uint64_t segment_bytes,
			 struct charge *ret)
{
	char text[4096];
	if (!proc_read_status(tree->root, tree->pids[i], text, sizeof(text))
	    || !ceiling_parse_status(text, segment_bytes, ret)) {
		return false;
	}
	if (i > 0) {
		ret->kernel_bytes -= CEILING_PROCESS_BYTES - CEILING_CHILD_BYTES;
	}
	return true;
}

/* ---- what is cheap to see ---- */

/** The tree as /proc/PID/status shows it. */
struct plain {
	/** Pages count for each process that has them. */
	struct charge sum;
	/** Of the processes whose pages were shared out: their shares and what they took since. */
	uint64_t anonymous_bytes;
	uint64_t shared_bytes;
	/** How many of those there are. */
	uint32_t known;
};

/** A process at the last sharing out; NULL: it was not there. at: where it is now. */
static const struct pressure_part *part_of(const struct pressure *pressure, pid_t pid, size_t at)
{
	/* Who ends leaves a gap: it is where it was, or before. */
	for (size_t i = at < pressure->part_count ? at + 1 : pressure->part_count; i > 0; i--) {
		if (pressure->parts[i - 1].pid == pid) {
			return &pressure->parts[i - 1];
		}
	}
	for (size_t i = at + 1; i < pressure->part_count; i++) {
		if (pressure->parts[i].pid == pid) {
			return &pressure->parts[i];
		}
	}
	return NULL;
}

/** A process gets resident pages of its own by taking them, so that what it grows by is its own. */
static void add_part(struct plain *plain, const struct pressure_part *part, uint64_t resident_bytes)
{
	uint64_t grown = saturated_difference(resident_bytes, part->resident_bytes);
	uint64_t shrunk = saturated_difference(part->resident_bytes, resident_bytes);
	plain->known++;
	plain->anonymous_bytes += saturated_difference(part->anonymous_bytes + grown, shrunk);
	plain->shared_bytes += part->shared_bytes;
}

/** Processes that have ended add nothing. */
static struct plain sum_up(const struct pressure *pressure, const struct process_tree *tree)
{
	struct plain plain = { .known = 0 };
	for (size_t i = 0; i < tree->count; i++) {
		uint64_t segment_bytes = i ? 0 : tree->segment_bytes;
		struct charge charge;
		if (!read_process(tree, i, segment_bytes, &charge)) {
			continue;
		}
		charge_add(&plain.sum, &charge);
		const struct pressure_part *part = part_of(pressure, tree->pids[i], i);
		if (part) {
			add_part(&plain, part, charge.anonymous_bytes);
		}
	}
	plain.shared_bytes = saturated_difference(plain.shared_bytes, tree->segment_bytes);
	return plain;
}

static struct pressure_counts count(const struct process_tree *tree, const struct plain *plain)
{
	struct pressure_counts counts = { .plain_bytes = charge_sum(&plain->sum) };
	for (size_t i = 0; i < tree->count; i++) {
		struct proc_stat stat;
		bool is_there = proc_read_stat(tree->root, tree->pids[i], &stat);
		counts.faults += is_there ? stat.minor_faults : 0;
	}
	return counts;
}

/* ---- what takes the kernel a walk over all pages ---- */

/** Replace what is resident by the process's share of it. */
static void share_out(const char *root, pid_t pid, struct charge *charge)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	uint64_t anonymous_bytes, shared_bytes;
	if (proc_path(path, sizeof(path), root, pid, "smaps_rollup")
	    && file_read_text(path, text, sizeof(text)) > 0
	    && proc_parse_shares(text, &anonymous_bytes, &shared_bytes)) {
		charge->anonymous_bytes = anonymous_bytes;
		charge->shared_bytes = shared_bytes;
	}
}

static void share_out_one(struct pressure *pressure, const struct process_tree *tree, size_t i,
			  struct charge *sum)
{
	struct charge charge, after;
	pid_t pid = tree->pids[i];
	if (!read_process(tree, i, 0, &charge)) {
		return;
	}
	share_out(tree->root, pid, &charge);
	charge_add(sum, &charge);
	/* Read last: what it took during the walk is in its share or not; that is not to count
	   twice. */
	if (read_process(tree, i, 0, &after) && pressure->part_count < pressure->part_capacity) {
		pressure->parts[pressure->part_count++] = (struct pressure_part){
			.pid = pid,
			.anonymous_bytes = charge.anonymous_bytes,
			.shared_bytes = charge.shared_bytes,
			.resident_bytes = after.anonymous_bytes,
		};
	}
}

/** Without memory those for which there is none count for what they take from the next look on. */
static void make_room(struct pressure *pressure, size_t count)
{
	struct pressure_part *parts = count > pressure->part_capacity
		? realloc(pressure->parts, count * sizeof(*parts))
		: NULL;
	if (parts) {
		pressure->parts = parts;
		pressure->part_capacity = (uint32_t)count;
	}
}

static struct charge share_out_all(struct pressure *pressure, const struct process_tree *tree)
{
	struct charge sum = { 0 };
	pressure->part_count = 0;
	make_room(pressure, tree->count);
	for (size_t i = 0; i < tree->count; i++) {
		share_out_one(pressure, tree, i, &sum);
	}
	/* All of the segment is in the shares of those that have it mapped. */
	sum.shared_bytes = saturated_difference(sum.shared_bytes, tree->segment_bytes);
	return sum;
}

/* ---- between two walks ---- */

/** Who has come since may share all that it has, who has gone may have shared all that it had. */
static struct charge at_least(const struct plain *plain)
{
	struct charge charge = plain->sum;
	charge.anonymous_bytes = plain->anonymous_bytes;
	charge.shared_bytes = plain->shared_bytes;
	return charge;
}

/**
 * What can have come at most: whoever writes to a shared page gets one of its own, a fault that no
 * plain sum shows.
 */
static uint64_t growth(const struct pressure_counts *then, const struct pressure_counts *now)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t grown = saturated_difference(now->plain_bytes, then->plain_bytes);
	uint64_t faulted = saturated_difference(now->faults, then->faults) * page_bytes;
	return grown > faulted ? grown : faulted;
}

/** The same processes as at the last walk? */
static bool is_same_tree(const struct pressure *pressure, const struct plain *plain)
{
	return pressure->part_count && plain->known == plain->sum.processes
		&& plain->known == pressure->part_count;
}

static struct pressure_counts middle(const struct pressure_counts *a,
				     const struct pressure_counts *b)
{
	return (struct pressure_counts){
		.plain_bytes = a->plain_bytes / 2 + b->plain_bytes / 2,
		.faults = a->faults / 2 + b->faults / 2,
	};
}

/** Growth that was possible since the last walk: enough to tell how much of it is real? */
static bool is_telling(uint64_t possible_bytes, uint64_t matters_bytes)
{
	return possible_bytes > matters_bytes / 16;
}

/** It is not known yet what is real, and will matter soon. */
static bool is_time_to_calibrate(const struct pressure *pressure, uint64_t matters_bytes)
{
	return !pressure->real_parts && pressure->most_bytes > matters_bytes / 4 * 3
		&& is_telling(saturated_difference(pressure->most_bytes, pressure->sum_bytes),
			      matters_bytes);
}

/** What is certain tells nothing if what matters lies between that and what is possible. */
static bool is_walk_due(const struct pressure *pressure, uint64_t least_bytes,
			uint64_t matters_bytes, enum pressure_walk walk)
{
	if (!pressure->part_count || walk == PRESSURE_WALK_ANYHOW) {
		return true;
	}
	if (walk == PRESSURE_NO_WALK || least_bytes > matters_bytes) {
		return false;
	}
	if (walk == PRESSURE_WALK_UNLESS_CLEAR && pressure->real_parts) {
		/* More than the last walk may be wrong by, and less than is probable. */
		return is_telling(saturated_difference(pressure->most_bytes, matters_bytes),
				  matters_bytes)
			&& pressure->likely_bytes <= matters_bytes;
	}
	return pressure->most_bytes > matters_bytes
		|| is_time_to_calibrate(pressure, matters_bytes);
}

static uint32_t real_parts(uint64_t real_bytes, uint64_t possible_bytes)
{
	uint64_t parts = real_bytes * PRESSURE_REAL_PARTS / possible_bytes;
	return parts < PRESSURE_REAL_PARTS ? (uint32_t)parts : PRESSURE_REAL_PARTS;
}

/** possible_bytes: what the charge can have grown by since the last walk; 0: not known. */
static struct charge do_walk(struct pressure *pressure, const struct process_tree *tree,
			     const struct pressure_counts *before, uint64_t possible_bytes,
			     uint64_t matters_bytes)
{
	uint64_t last_bytes = pressure->sum_bytes;
	struct charge sum = share_out_all(pressure, tree);
	struct plain plain = sum_up(pressure, tree);
	struct pressure_counts after = count(tree, &plain);
	pressure->sum_bytes = charge_sum(&sum);
	pressure->before = *before;
	pressure->middle = middle(before, &after);
	if (is_telling(possible_bytes, matters_bytes)) {
		uint64_t real_bytes = saturated_difference(pressure->sum_bytes, last_bytes);
		pressure->real_parts = real_parts(real_bytes, possible_bytes);
	}
	pressure->most_bytes = pressure->sum_bytes;
	pressure->likely_bytes = pressure->sum_bytes;
	pressure->has_walked = true;
	return sum;
}

/** Bring the limits within which the charge lies up to date; returns what it is at least. */
static struct charge bound(struct pressure *pressure, const struct plain *plain,
			   const struct pressure_counts *now)
{
	struct charge least = at_least(plain);
	uint64_t least_bytes = charge_sum(&least);
	pressure->most_bytes = now->plain_bytes;
	pressure->likely_bytes = least_bytes;
	if (is_same_tree(pressure, plain)) {
		uint64_t most_bytes = pressure->sum_bytes + growth(&pressure->before, now);
		uint64_t likely_bytes = pressure->sum_bytes
			+ growth(&pressure->middle, now) * pressure->real_parts
				/ PRESSURE_REAL_PARTS;
		pressure->most_bytes = most_bytes < now->plain_bytes ? most_bytes
								      : now->plain_bytes;
		pressure->likely_bytes = likely_bytes > least_bytes ? likely_bytes : least_bytes;
	}
	return least;
}

struct charge pressure_read(struct pressure *pressure, const struct process_tree *tree,
			    uint64_t matters_bytes, enum pressure_walk walk)
{
	struct plain plain = sum_up(pressure, tree);
	uint64_t plain_bytes = charge_sum(&plain.sum);
	pressure->has_walked = false;
	pressure->most_bytes = plain_bytes;
	pressure->likely_bytes = plain_bytes;
	/* From half on, so that it is known what is shared before it matters. */
	if (plain.sum.processes < 2 || plain_bytes <= matters_bytes / 2) {
		return plain.sum;
	}
	struct pressure_counts now = count(tree, &plain);
	struct charge sum = bound(pressure, &plain, &now);
	if (is_walk_due(pressure, charge_sum(&sum), matters_bytes, walk)) {
		uint64_t possible_bytes = is_same_tree(pressure, &plain)
			? growth(&pressure->middle, &now)
			: 0;
		sum = do_walk(pressure, tree, &now, possible_bytes, matters_bytes);
	}
	return sum;
}
