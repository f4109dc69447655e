// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A profile that has something of everything, names that want to break out included. */
#ifndef TESTS_UNIT_CORE_PROFILE_SAMPLE_H
#define TESTS_UNIT_CORE_PROFILE_SAMPLE_H

#include "core/profile/collect.h"
#include "core/shm/run_info.h"
#include "tests/unit/core/profile/segment_file.h"

#define HOSTILE_NAME "a;b\n<b>\x1b[2J\\x41\xff\"\xe2\x80\xae"

/** What a supervisor writes about a run that was last looked at after 61.5 seconds. */
static inline void sample_info(const struct segment_file *file)
{
	static const char text[] = "python3 job.py 'a b'\0/srv/app\0\0node7";
	static struct run_info info;
	info = (struct run_info){
		.version = RUN_INFO_VERSION,
		.serial = 8,
		.flags = RUN_DIES_TOGETHER,
		.pid = 4711,
		.looks = 3,
		.cgroup_bytes = 495 << 20,
		.machine_oom_kills = -1,
		.outcome = {
			.start_unix_ms = 1700000000000,
			.duration_ms = 61500,
			.max_rss_bytes = 418 << 20,
			.cgroup_limit_bytes = 500 << 20,
			.cgroup_max_usage_bytes = 497 << 20,
		},
		.sample_count = 2,
		.sample_width_ms = 500,
		.samples = {
			{ 0, 1 << 20, 2 << 20, 0, 3 << 20, 0 },
			{ 500, 405 << 20, 410 << 20, 4096, 3 << 20, 415 << 20 },
		},
	};
	memcpy(info.text, text, sizeof(text));
	segment_file_write(file, RUN_INFO_OFFSET, &info, sizeof(info));
}

/** The segment behind sample_profile. */
static inline struct segment_file sample_segment(void)
{
	struct segment_file file = segment_file_new();
	uint32_t module = segment_file_python(&file, "job.py", "<module>", 1);
	uint32_t load = segment_file_python(&file, "/srv/app/lib.py", "Loader.load", 100);
	uint32_t hostile = segment_file_python(&file, HOSTILE_NAME, HOSTILE_NAME, 7);
	uint32_t label = segment_file_label(&file, "[thread started here]");
	uint32_t top = segment_file_node(&file, 0, module, 3);
	uint32_t in_load = segment_file_node(&file, top, load, 101);
	uint32_t in_hostile = segment_file_node(&file, in_load, hostile, 7);
	uint32_t in_thread = segment_file_node(&file, top, label, 0);
	uint32_t kept = segment_file_entry(&file, in_load, 400 << 20, 2);
	segment_file_entry(&file, in_hostile, 1000, 10);
	uint32_t thread_entry = segment_file_entry(&file, in_thread, 5 << 20, 1);
	uint32_t no_stack = segment_file_label(&file, "[No Python stack]");
	segment_file_entry(&file, segment_file_node(&file, 0, no_stack, 0), 64, 1);
	segment_file_free(&file, thread_entry, 5 << 20);
	segment_file_free(&file, kept, 200 << 20);
	segment_file_thread(&file, 4711, in_load);
	segment_file_thread(&file, 4712, in_thread);
	file.slot.pid = 4711;
	file.slot.python_state = PYTHON_ATTACHED;
	file.slot.python_version = 0x030b07f0;
	file.slot.executable = segment_file_text(&file, "/usr/bin/python3");
	file.slot.missed[MISSED_LOST_FREE] = 3;
	file.slot.failed_bytes = (uint64_t)1 << 40;
	file.slot.failed_count = 1;
	file.slot.failed_node = in_hostile;
	file.slot.breach = (struct breach){ .trigger = BREACH_ALLOCATION, .tid = 4712 };
	file.slot.breach_node = in_thread;
	segment_file_flush(&file);
	sample_info(&file);
	return file;
}

static inline struct profile *sample_profile(enum verdict verdict)
{
	static const struct usage_sample samples[] = {
		{ 0, 1 << 20, 2 << 20, 0, 3 << 20, 0 },
		{ 500, 405 << 20, 410 << 20, 4096, 3 << 20, 415 << 20 },
	};
	struct segment_file file = sample_segment();
	if (verdict != VERDICT_CEILING) {
		file.slot.breach.trigger = BREACH_NONE;
		segment_file_flush(&file);
	}
	struct collect_request request = {
		.segment_fd = file.fd,
		.outcome = {
			.verdict = verdict,
			.signal = verdict == VERDICT_EXITED ? 0 : 9,
			.start_unix_ms = 1700000000000,
			.duration_ms = 61500,
			.max_rss_bytes = 418 << 20,
			.children = 2,
			.children_max_rss_bytes = 10 << 20,
			.cgroup_limit_bytes = 500 << 20,
			.cgroup_oom_kills = 1,
			.machine_oom_kills = 1,
			.breach = {
				.metric = CEILING_RESIDENT,
				.action = CEILING_KILL,
				.trigger = verdict == VERDICT_CEILING ? BREACH_ALLOCATION
								      : BREACH_NONE,
				.tid = 4712,
				.limit_bytes = 400 << 20,
				.charge_bytes = 401 << 20,
				.asked_bytes = 2 << 20,
				.allocation = 123456,
				.refusals = 3,
			},
			.charge = {
				.anonymous_bytes = 396 << 20,
				.shared_bytes = 2 << 20,
				.page_table_bytes = 1 << 20,
				.kernel_bytes = 60 << 10,
				.threads = 3,
				.processes = 1,
			},
			.charge_file_bytes = 20 << 20,
			.charge_tracked_bytes = 380 << 20,
		},
		.moment = verdict_is_out_of_memory(verdict) ? MOMENT_OUT_OF_MEMORY : MOMENT_END,
		.command = "python3 job.py 'a b'",
		.directory = "/srv/app",
		.root = "",
		.samples = samples,
		.sample_count = 2,
	};
	struct profile *profile = profile_collect(&request);
	close(file.fd);
	if (!profile) {
		perror("sample_profile");
		exit(1);
	}
	return profile;
}

#endif
