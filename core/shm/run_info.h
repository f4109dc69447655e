// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What only the supervisor knows about a run, in the segment: for a report that is made of a
 * segment's file when the supervisor is gone, too. Lies in the front, behind the directory; is all
 * zero in a segment that is not kept in a file.
 *
 * Written by the supervisor when the workload starts, whenever it has looked at it, and at its end.
 * serial is odd meanwhile; a supervisor that was killed in between leaves a mixture of two looks.
 */
#ifndef CORE_SHM_RUN_INFO_H
#define CORE_SHM_RUN_INFO_H

#include "core/base/outcome.h"
#include "core/shm/segment.h"

#include <stdint.h>

#define RUN_INFO_VERSION 1u
#define RUN_INFO_OFFSET ((uint64_t)1536 << 10)
#define RUN_INFO_SAMPLES 1000u
#define RUN_INFO_TEXT_BYTES ((uint32_t)64 << 10)

/** The memory.oom.group of the workload's cgroup, or of one above it, is 1. */
#define RUN_DIES_TOGETHER 0x1u
/** --no-source: source lines are not to be written. */
#define RUN_NO_SOURCE 0x2u

/** Parts of run_info.text, one behind the other, each ended by NUL. */
enum run_text {
	/** Quoted for a shell; empty under --no-argv. */
	RUN_COMMAND = 0,
	RUN_DIRECTORY,
	/** The program given with -c, or empty. */
	RUN_CODE,
	RUN_HOST,
	RUN_TEXT_COUNT
};

struct run_info {
	uint32_t version; /* RUN_INFO_VERSION; 0: there is nothing here */
	uint32_t serial;
	uint32_t flags; /* RUN_* */
	/** The workload's process, as the supervisor sees it; 0: it has not started. */
	int32_t pid;
	uint64_t start_ticks; /* proc_stat.start_ticks of it */
	/** Where these two mean something: proc_boot, proc_pid_namespace. 0: not known. */
	uint64_t boot;
	uint64_t pid_namespace;
	/** How often the supervisor has looked. */
	uint64_t looks;
	/** Usage of the workload's cgroup when it last looked; 0: not known. */
	uint64_t cgroup_bytes;
	/** The machine's count of out-of-memory kills at the start; -1: not known. */
	int64_t machine_oom_kills;
	/** As at the last look. Its verdict is VERDICT_RUNNING until the workload has ended. */
	struct outcome outcome;
	/** The timeline. */
	uint32_t sample_count;
	uint32_t reserved;
	uint64_t sample_width_ms;
	struct usage_sample samples[RUN_INFO_SAMPLES];
	char text[RUN_INFO_TEXT_BYTES];
};

_Static_assert(sizeof(struct run_info) <= SEGMENT_FRONT_BYTES - RUN_INFO_OFFSET, "front");
_Static_assert(RUN_INFO_OFFSET
		       >= SEGMENT_DIRECTORY_OFFSET + SHARED_ARENA_COUNT * DIRECTORY_ROW_BYTES,
	       "behind the directory");
_Static_assert(sizeof(struct usage_sample) == 48, "wire");
_Static_assert(sizeof(struct outcome) == 264, "a change of it is a new RUN_INFO_VERSION");

#endif
