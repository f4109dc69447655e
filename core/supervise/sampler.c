// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/sampler.h"

#include "core/base/atomic.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define INTERVAL_MIN_MS 10u
#define INTERVAL_MAX_MS 250u
/** Processor time that a look may take: one part in so many. */
#define COST_PARTS 125u

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
	sampler->limit_bytes = cgroup_limit(&sampler->source.group);
	sampler->cgroup_peak_start = cgroup_peak(&sampler->source.group);
}

void sampler_open(struct sampler *sampler, const char *root, int segment_fd,
		  const struct segment_header *header)
{
	*sampler = (struct sampler){
		.header = header,
		.segment_fd = segment_fd,
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
}

/** Pages of the segment count as the workload's shared memory; they are ours. */
static uint64_t without_segment(const struct sampler *sampler, uint64_t shared_bytes)
{
	struct stat status;
	if (fstat(sampler->segment_fd, &status) < 0) {
		return shared_bytes;
	}
	uint64_t segment_bytes = (uint64_t)status.st_blocks * 512u;
	return shared_bytes > segment_bytes ? shared_bytes - segment_bytes : 0;
}

static bool differs(uint64_t a, uint64_t b)
{
	uint64_t distance = a > b ? a - b : b - a;
	return distance > a / 64 + (64 << 10);
}

/** Sooner if memory moved, later if not; never so soon that the looks themselves count. */
static void schedule(struct sampler *sampler, const struct usage_sample *sample, uint64_t now_ms,
		     uint64_t cost_us)
{
	uint64_t resident = sample->anonymous_bytes + sample->shared_bytes;
	bool moved = differs(resident, sampler->last_resident_bytes)
		|| differs(sample->tracked_bytes, sampler->last_tracked_bytes);
	uint32_t interval = moved ? sampler->interval_ms / 2 : sampler->interval_ms * 5 / 4;
	uint64_t least = cost_us * COST_PARTS / 1000u;
	sampler->last_resident_bytes = resident;
	sampler->last_tracked_bytes = sample->tracked_bytes;
	interval = interval < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : interval;
	interval = interval > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : interval;
	sampler->interval_ms = interval;
	sampler->next_ms = now_ms + (least > interval ? least : interval);
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

void sampler_look(struct sampler *sampler, uint64_t now_ms)
{
	uint64_t start_us = sampler_cpu_us();
	if (usage_follow(&sampler->source)) {
		enter_group(sampler);
	}
	struct usage usage = usage_read(&sampler->source);
	struct usage_sample sample = {
		.time_ms = now_ms - sampler->start_ms,
		.tracked_bytes = load_relaxed(&sampler->header->totals.live_bytes),
		.anonymous_bytes = usage.anonymous_bytes,
		.shared_bytes = without_segment(sampler, usage.shared_bytes),
		.file_bytes = usage.file_bytes,
		.cgroup_bytes = usage.cgroup_bytes,
	};
	timeline_add(&sampler->timeline, sample);
	raise_to(&sampler->highest.anonymous_bytes, sample.anonymous_bytes);
	raise_to(&sampler->highest.shared_bytes, sample.shared_bytes);
	raise_to(&sampler->highest.file_bytes, sample.file_bytes);
	raise_to(&sampler->highest.peak_rss_bytes, usage.peak_rss_bytes);
	raise_to(&sampler->highest.cgroup_bytes, sample.cgroup_bytes);
	schedule(sampler, &sample, now_ms, sampler_cpu_us() - start_us);
}

void sampler_finish(struct sampler *sampler, uint64_t now_ms)
{
	take_counters(sampler);
	uint64_t peak = cgroup_peak(&sampler->source.group);
	if (peak > sampler->cgroup_peak_start) {
		raise_to(&sampler->highest.cgroup_bytes, peak);
	}
	struct usage_sample sample = {
		.time_ms = now_ms - sampler->start_ms,
		.tracked_bytes = load_relaxed(&sampler->header->totals.live_bytes),
	};
	timeline_add(&sampler->timeline, sample);
}
