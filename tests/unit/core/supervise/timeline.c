// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/timeline.h"

#include "tests/unit/test.h"

static struct timeline timeline;

static void add(uint64_t time_ms, uint64_t tracked_bytes)
{
	timeline_add(&timeline, (struct usage_sample){ .time_ms = time_ms,
						       .tracked_bytes = tracked_bytes,
						       .cgroup_bytes = 1000 - tracked_bytes });
}

static void bin_keeps_the_highest_of_each(void)
{
	timeline = (struct timeline){ 0 };
	add(3, 10);
	add(7, 30);
	add(9, 20);
	add(10, 5);
	CHECK_INT(timeline.count, 2);
	CHECK_INT(timeline.bins[0].time_ms, 0);
	CHECK_INT(timeline.bins[0].tracked_bytes, 30);
	CHECK_INT(timeline.bins[0].cgroup_bytes, 990);
	CHECK_INT(timeline.bins[1].time_ms, 10);
	CHECK_INT(timeline.bins[1].tracked_bytes, 5);
}

static void time_that_goes_back_counts_in_the_last_bin(void)
{
	timeline = (struct timeline){ 0 };
	add(100, 1);
	add(50, 9);
	CHECK_INT(timeline.count, 1);
	CHECK_INT(timeline.bins[0].time_ms, 100);
	CHECK_INT(timeline.bins[0].tracked_bytes, 9);
}

static void full_timeline_doubles_its_width(void)
{
	timeline = (struct timeline){ 0 };
	for (uint64_t i = 0; i < TIMELINE_BINS; i++) {
		add(i * TIMELINE_WIDTH_START_MS, i);
	}
	CHECK_INT(timeline.count, TIMELINE_BINS);
	add(TIMELINE_BINS * TIMELINE_WIDTH_START_MS, 77);
	CHECK_INT(timeline.width_ms, 2 * TIMELINE_WIDTH_START_MS);
	CHECK_INT(timeline.count, TIMELINE_BINS / 2 + 1);
	CHECK_INT(timeline.bins[1].tracked_bytes, 3);
	CHECK_INT(timeline.bins[TIMELINE_BINS / 2].tracked_bytes, 77);
}

/** A run of months, looked at four times a second. */
static void long_run_stays_within_its_bins_and_keeps_its_peak(void)
{
	timeline = (struct timeline){ 0 };
	const uint64_t days = 90;
	const uint64_t end_ms = days * 86400000;
	for (uint64_t now_ms = 0; now_ms < end_ms; now_ms += 25000) {
		add(now_ms, now_ms == 86400000 ? 999 : 100);
	}
	CHECK(timeline.count <= TIMELINE_BINS);
	CHECK(timeline.count > TIMELINE_BINS / 2 - 1);
	uint64_t highest = 0;
	for (uint32_t i = 0; i < timeline.count; i++) {
		CHECK(!i || timeline.bins[i].time_ms > timeline.bins[i - 1].time_ms);
		highest = timeline.bins[i].tracked_bytes > highest ? timeline.bins[i].tracked_bytes
								   : highest;
	}
	CHECK_INT(highest, 999);
	CHECK(timeline.bins[timeline.count - 1].time_ms + timeline.width_ms >= end_ms - 25000);
}

/** Stopped for a year, and then one more look. */
static void gap_costs_no_bins(void)
{
	timeline = (struct timeline){ 0 };
	add(0, 1);
	add((uint64_t)365 * 86400000, 2);
	CHECK_INT(timeline.count, 2);
	CHECK_INT(timeline.width_ms, TIMELINE_WIDTH_START_MS);
}

int main(void)
{
	RUN(bin_keeps_the_highest_of_each);
	RUN(time_that_goes_back_counts_in_the_last_bin);
	RUN(full_timeline_doubles_its_width);
	RUN(long_run_stays_within_its_bins_and_keeps_its_peak);
	RUN(gap_costs_no_bins);
	return test_done();
}
