// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/pressure.h"

#include "core/host/file.h"
#include "core/host/proc.h"
#include "oomsim/ceiling.h"

#include <unistd.h>

void charge_add(struct charge *a, const struct charge *b)
{
	a->anonymous_bytes += b->anonymous_bytes;
	a->shared_bytes += b->shared_bytes;
	a->page_table_bytes += b->page_table_bytes;
	a->kernel_bytes += b->kernel_bytes;
	a->threads += b->threads;
	a->processes += b->processes;
}

static bool read_process(const char *root, pid_t pid, uint64_t segment_bytes, struct charge *ret)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	return proc_path(path, sizeof(path), root, pid, "status")
		&& file_read_text(path, text, sizeof(text)) > 0
		&& ceiling_parse_status(text, segment_bytes, ret);
}

/** The plain sum. Processes that have ended add nothing. */
static struct charge sum_up(const char *root, const pid_t *pids, size_t count,
			    uint64_t segment_bytes)
{
	struct charge sum = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct charge charge;
		if (read_process(root, pids[i], i ? 0 : segment_bytes, &charge)) {
			charge_add(&sum, &charge);
		}
	}
	return sum;
}

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

static struct charge sum_up_shares(const char *root, const pid_t *pids, size_t count,
				   uint64_t segment_bytes)
{
	struct charge sum = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct charge charge;
		if (read_process(root, pids[i], 0, &charge)) {
			share_out(root, pids[i], &charge);
			charge_add(&sum, &charge);
		}
	}
	/* All of the segment is in the shares of those that have it mapped. */
	sum.shared_bytes = sum.shared_bytes > segment_bytes ? sum.shared_bytes - segment_bytes : 0;
	return sum;
}

static uint64_t count_faults(const char *root, const pid_t *pids, size_t count)
{
	uint64_t faults = 0;
	for (size_t i = 0; i < count; i++) {
		struct proc_stat stat;
		faults += proc_read_stat(root, pids[i], &stat) ? stat.minor_faults : 0;
	}
	return faults;
}

/** Whoever writes to a shared page gets one of its own: a fault that no plain sum shows. */
static uint64_t grown_since(const struct pressure *pressure, uint64_t plain_bytes, uint64_t faults)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t plain =
		plain_bytes > pressure->plain_bytes ? plain_bytes - pressure->plain_bytes : 0;
	uint64_t faulted =
		faults > pressure->faults ? (faults - pressure->faults) * page_bytes : 0;
	return plain > faulted ? plain : faulted;
}

struct charge pressure_read(struct pressure *pressure, const char *root, const pid_t *pids,
			    size_t count, uint64_t segment_bytes, uint64_t matters_bytes)
{
	struct charge plain = sum_up(root, pids, count, segment_bytes);
	uint64_t plain_bytes = charge_sum(&plain);
	if (plain.processes < 2 || plain_bytes <= matters_bytes) {
		return plain;
	}
	uint64_t faults = count_faults(root, pids, count);
	struct charge estimate = pressure->shared_out;
	estimate.anonymous_bytes += grown_since(pressure, plain_bytes, faults);
	if (pressure->processes == plain.processes && charge_sum(&estimate) <= matters_bytes) {
		return estimate;
	}
	*pressure = (struct pressure){
		.shared_out = sum_up_shares(root, pids, count, segment_bytes),
		.plain_bytes = plain_bytes,
		.faults = faults,
		.processes = plain.processes,
	};
	return pressure->shared_out;
}
