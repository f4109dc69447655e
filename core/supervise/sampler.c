// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/sampler.h"

#include "core/base/atomic.h"
#include "core/host/file.h"
#include "core/host/proc.h"
#include "core/shm/ledger.h"
#include "oomsim/ceiling.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define INTERVAL_MIN_MS 10u
#define INTERVAL_MAX_MS 250u
/** Processor time that a look may take: one part in so many. */
#define COST_PARTS 125u
#define COST_PARTS_CEILING 25u
/** The last quarter below a ceiling, if there are children: of them the looks alone tell. */
#define COST_PARTS_NEAR 6u
#define NEAR_PARTS 4u
/** And a look in which pages are told apart, if that may tell of a ceiling. */
#define COST_PARTS_WALK_NEAR 3u
/** No program touches more memory than this in a millisecond: 4 GB a second. */
#define TOUCHED_PER_MS ((uint64_t)4 << 20)
/** A sum over several processes is a new highest only if it is higher by one part in so many. */
#define NEWS_PARTS 64u
/** Between the kernel's count of a kill and the death: much more than it ever takes. */
#define OUTLIVED_MS 1000u

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t sampler_now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000u;
}

uint64_t sampler_cpu_us(void)
{
	return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static void raise_to(uint64_t *highest, uint64_t value)
{
	if (value > *highest) {
		*highest = value;
	}
}

/** The workload has come into a group: what was counted there before is not about it. */
static void enter_group(struct sampler *sampler)
{
	sampler->kills_before = usage_oom_counters(sampler->source.root, &sampler->source.group);
	sampler->kills = sampler->kills_before;
	sampler->kills_outlived = sampler->kills_before;
	sampler->limit_bytes = cgroup_limit(&sampler->source.group);
	sampler->cgroup_peak_start = cgroup_peak(&sampler->source.group);
}

void sampler_open(struct sampler *sampler, const char *root, int segment_fd,
		  struct segment_header *header)
{
	*sampler = (struct sampler){
		.header = header,
		.segment_fd = segment_fd,
		.segment_is_file_pages = header->flags & SEGMENT_IS_FILE_PAGES,
		.interval_ms = INTERVAL_MIN_MS,
	};
	usage_open(&sampler->source, root);
	enter_group(sampler);
}

void sampler_attach(struct sampler *sampler, pid_t pid, uint64_t start_ms)
{
	sampler->start_ms = start_ms;
	usage_attach(&sampler->source, pid);
}

void sampler_close(struct sampler *sampler)
{
	usage_close(&sampler->source);
	pressure_done(&sampler->pressure);
}

static uint64_t segment_file_bytes(const struct sampler *sampler)
{
	struct stat status;
	return fstat(sampler->segment_fd, &status) < 0 ? 0 : (uint64_t)status.st_blocks * 512u;
}

/** Pages of the segment count as shared memory of the workload's; they are ours. */
static uint64_t segment_bytes(const struct sampler *sampler)
{
	return sampler->segment_is_file_pages ? 0 : segment_file_bytes(sampler);
}

/** Or as file pages, if the segment is in a file on a disk. */
static uint64_t without_segment_file(const struct sampler *sampler, uint64_t file_bytes)
{
	uint64_t segment = sampler->segment_is_file_pages ? segment_file_bytes(sampler) : 0;
	return file_bytes > segment ? file_bytes - segment : 0;
}

static bool differs(uint64_t a, uint64_t b)
{
	uint64_t distance = a > b ? a - b : b - a;
	return distance > a / 64 + (64 << 10);
}

/** The ceiling of resident memory, 0 if there is none. */
static uint64_t ceiling_bytes(const struct sampler *sampler)
{
	const struct segment_ceiling *ceiling = &sampler->header->ceiling;
	return ceiling->metric == CEILING_RESIDENT ? ceiling->limit_bytes : 0;
}

/** Before the ceiling can have been reached, however fast memory is touched. */
static uint32_t bounded_interval(const struct sampler *sampler, uint32_t interval_ms)
{
	uint64_t limit_bytes = ceiling_bytes(sampler);
	uint64_t used_bytes = sampler->charge.processes > 1 ? sampler->pressure.most_bytes
							    : charge_sum(&sampler->charge);
	if (!limit_bytes) {
		return interval_ms;
	}
	uint64_t gap_bytes = limit_bytes > used_bytes ? limit_bytes - used_bytes : 0;
	uint64_t least_ms = gap_bytes / TOUCHED_PER_MS;
	least_ms = least_ms ? least_ms : 1;
	return least_ms < interval_ms ? (uint32_t)least_ms : interval_ms;
}

/** Children may have come close to a ceiling. */
static bool is_near(const struct sampler *sampler)
{
	uint64_t limit_bytes = ceiling_bytes(sampler);
	return limit_bytes && sampler->charge.processes > 1
		&& sampler->pressure.most_bytes > limit_bytes - limit_bytes / NEAR_PARTS;
}

static uint32_t cost_parts(const struct sampler *sampler)
{
	uint64_t limit_bytes = ceiling_bytes(sampler);
	if (!limit_bytes) {
		return COST_PARTS;
	}
	return is_near(sampler) ? COST_PARTS_NEAR : COST_PARTS_CEILING;
}

/** May pages be told apart now? Not so often that it counts, or that others are held up. */
static enum pressure_walk next_walk(const struct sampler *sampler, uint64_t now_ms)
{
	uint32_t parts = is_near(sampler) ? COST_PARTS_WALK_NEAR : COST_PARTS;
	if (sampler->is_close_look) {
		return PRESSURE_WALK_ANYHOW;
	}
	if (now_ms < sampler->walked_ms + sampler->walk_cost_us * parts / 1000u) {
		return PRESSURE_NO_WALK;
	}
	return ceiling_bytes(sampler) ? PRESSURE_WALK_UNLESS_CLEAR : PRESSURE_WALK;
}

/** Sooner if memory moved, later if not; never so soon that the looks themselves count. */
static void schedule(struct sampler *sampler, const struct usage_sample *sample, uint64_t now_ms,
		     uint64_t cost_us)
{
	uint64_t resident = sample->anonymous_bytes + sample->shared_bytes;
	bool moved = differs(resident, sampler->last_resident_bytes)
		|| differs(sample->tracked_bytes, sampler->last_tracked_bytes);
	uint32_t interval = moved ? sampler->interval_ms / 2 : sampler->interval_ms * 5 / 4;
	uint64_t least = cost_us * cost_parts(sampler) / 1000u;
	sampler->last_resident_bytes = resident;
	sampler->last_tracked_bytes = sample->tracked_bytes;
	interval = interval < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : interval;
	interval = interval > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : interval;
	sampler->interval_ms = interval;
	interval = bounded_interval(sampler, interval);
	sampler->next_ms = now_ms + (least > interval ? least : interval);
}

/** The workload first, then those below it; returns how many. */
static size_t list_tree(const struct sampler *sampler, const struct descendants *below,
			pid_t pids[1 + DESCENDANTS_KNOWN])
{
	pids[0] = sampler->source.pid;
	for (uint32_t i = 0; i < below->known_count; i++) {
		pids[1 + i] = below->known[i].pid;
	}
	return 1 + below->known_count;
}

/** What all are charged. Without a ceiling, a new highest is what matters. */
static struct charge read_charge(struct sampler *sampler, const struct usage *own,
				 const struct descendants *below, uint64_t segment, uint64_t now_ms)
{
	pid_t pids[1 + DESCENDANTS_KNOWN];
	struct process_tree tree = {
		.root = sampler->source.root,
		.pids = pids,
		.count = list_tree(sampler, below, pids),
		.segment_bytes = segment,
	};
	if (tree.count == 1) {
		return own->charge;
	}
	uint64_t limit_bytes = ceiling_bytes(sampler);
	uint64_t highest_bytes = charge_sum(&sampler->highest);
	uint64_t matters_bytes = limit_bytes ? ceiling_with_margin(limit_bytes)
					     : highest_bytes + highest_bytes / NEWS_PARTS;
	return pressure_read(&sampler->pressure, &tree, matters_bytes, next_walk(sampler, now_ms));
}

static void take_charge(struct sampler *sampler, const struct charge *charge,
			const struct usage *own, uint64_t tracked_bytes)
{
	uint64_t all_bytes = charge_sum(charge);
	uint64_t own_bytes = charge_sum(&own->charge);
	sampler->charge = *charge;
	/* For the hook, which knows itself alone. */
	store_relaxed(&sampler->header->ceiling.others_bytes,
		      all_bytes > own_bytes ? all_bytes - own_bytes : 0);
	if (all_bytes > charge_sum(&sampler->highest)) {
		sampler->highest = *charge;
		sampler->highest_file_bytes = own->file_bytes;
		sampler->highest_tracked_bytes = tracked_bytes;
	}
}

static void take_counters(struct sampler *sampler)
{
	struct oom_counters kills =
		usage_oom_counters(sampler->source.root, &sampler->source.group);
	/* A group that has been removed says nothing: what it last said holds. */
	struct oom_counters last = sampler->kills;
	sampler->kills.own = kills.own >= 0 ? kills.own : last.own;
	sampler->kills.ancestors = kills.ancestors >= 0 ? kills.ancestors : last.ancestors;
	sampler->kills.machine = kills.machine >= 0 ? kills.machine : last.machine;
}

/** It runs, and no SIGKILL is on its way to it. */
static bool is_alive(const struct sampler *sampler)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	struct proc_stat stat;
	const char *root = sampler->source.root;
	pid_t pid = sampler->source.pid;
	if (!proc_path(path, sizeof(path), root, pid, "status")
	    || file_read_text(path, text, sizeof(text)) <= 0) {
		return false;
	}
	uint64_t pending =
		proc_parse_signals(text, "SigPnd:") | proc_parse_signals(text, "ShdPnd:");
	return !(pending & (uint64_t)1 << (SIGKILL - 1)) && proc_read_stat(root, pid, &stat)
		&& !stat.is_exiting;
}

/**
 * The kernel counts a kill and sends the signal at once. What was counted at the last of these
 * looks, and has not reached a workload that is alive, was meant for another process: a child of
 * it, a neighbour.
 */
static void notice_outlived(struct sampler *sampler, uint64_t now_ms)
{
	if (now_ms < sampler->next_outlived_ms || !is_alive(sampler)) {
		return;
	}
	sampler->kills_outlived = sampler->kills;
	take_counters(sampler);
	sampler->next_outlived_ms = now_ms + OUTLIVED_MS;
}

static void look_at_sparse(struct sampler *sampler, uint64_t anonymous_bytes, bool is_close)
{
	touched_look(&sampler->touched, sampler->segment_fd, sampler->header, sampler->source.root,
		     sampler->source.pid, anonymous_bytes, is_close);
}

void sampler_look(struct sampler *sampler, const struct descendants *below, uint64_t now_ms)
{
	uint64_t start_us = sampler_cpu_us();
	if (usage_follow(&sampler->source)) {
		enter_group(sampler);
	}
	notice_outlived(sampler, now_ms);
	uint64_t segment = segment_bytes(sampler);
	struct usage usage = usage_read(&sampler->source, segment);
	usage.file_bytes = without_segment_file(sampler, usage.file_bytes);
	struct usage_sample sample = {
		.time_ms = now_ms - sampler->start_ms,
		.tracked_bytes = ledger_sum(sampler->header).live_bytes,
		.anonymous_bytes = usage.charge.anonymous_bytes,
		.shared_bytes = usage.charge.shared_bytes,
		.file_bytes = usage.file_bytes,
		.cgroup_bytes = usage.cgroup_bytes,
	};
	look_at_sparse(sampler, sample.anonymous_bytes, sampler->is_close_look);
	uint64_t charge_us = sampler_cpu_us();
	struct charge charge = read_charge(sampler, &usage, below, segment, now_ms);
	charge_us = sampler_cpu_us() - charge_us;
	take_charge(sampler, &charge, &usage, sample.tracked_bytes);
	timeline_add(&sampler->timeline, sample);
	sampler->last_cgroup_bytes = sample.cgroup_bytes;
	raise_to(&sampler->peak_rss_bytes, usage.peak_rss_bytes);
	raise_to(&sampler->peak_cgroup_bytes, sample.cgroup_bytes);
	uint64_t cost_us = sampler_cpu_us() - start_us;
	if (charge.processes > 1 && sampler->pressure.has_walked) {
		sampler->walked_ms = now_ms;
		sampler->walk_cost_us = charge_us;
		cost_us -= charge_us;
	}
	schedule(sampler, &sample, now_ms, cost_us);
}

void sampler_look_closely(struct sampler *sampler, const struct descendants *below, uint64_t now_ms)
{
	sampler->is_close_look = true;
	sampler_look(sampler, below, now_ms);
	sampler->is_close_look = false;
}

void sampler_look_at_sparse(struct sampler *sampler)
{
	look_at_sparse(sampler, sampler->touched.anonymous_bytes, true);
}

uint64_t sampler_likely_bytes(const struct sampler *sampler)
{
	return sampler->charge.processes > 1 ? sampler->pressure.likely_bytes
					     : charge_sum(&sampler->charge);
}

void sampler_finish(struct sampler *sampler, uint64_t now_ms)
{
	take_counters(sampler);
	uint64_t peak = cgroup_peak(&sampler->source.group);
	if (peak > sampler->cgroup_peak_start) {
		raise_to(&sampler->peak_cgroup_bytes, peak);
	}
	struct usage_sample sample = {
		.time_ms = now_ms - sampler->start_ms,
		.tracked_bytes = ledger_sum(sampler->header).live_bytes,
	};
	timeline_add(&sampler->timeline, sample);
}
