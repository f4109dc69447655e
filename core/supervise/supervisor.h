// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The supervisor's state, for the files of this folder. */
#ifndef CORE_SUPERVISE_SUPERVISOR_H
#define CORE_SUPERVISE_SUPERVISOR_H

#include "core/host/buffer.h"
#include "core/remote/stacks.h"
#include "core/supervise/descendants.h"
#include "core/supervise/doorbell.h"
#include "core/supervise/fault_counter.h"
#include "core/supervise/passing.h"
#include "core/supervise/picture.h"
#include "core/supervise/sampler.h"
#include "core/supervise/signals.h"
#include "core/supervise/supervise.h"
#include "core/supervise/tree.h"
#include "core/supervise/witness.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum supervisor_state {
	STATE_RUNNING,
	/** The workload is stopped (job control, or somebody's SIGSTOP). */
	STATE_STOPPED,
	STATE_ENDED,
	STATE_COUNT
};

struct supervisor {
	enum supervisor_state state;
	char proc_root[PATH_MAX];
	struct passing passing;
	struct signals signals;
	struct doorbell doorbell;
	struct witness witness;
	struct sampler sampler;
	struct descendants descendants;
	/** header.launchers as last noticed. */
	uint32_t launchers_seen;
	uint64_t children_seen;
	pid_t pid;
	/**
	 * Orphans become our children: we are the first process of a container, or were made a
	 * subreaper.
	 */
	bool is_reaper;

	/** What supervise_next is to hand out. */
	bool wants_snapshot;
	bool wants_failed;
	bool wants_breach;
	bool wants_picture;
	bool wants_scope;
	bool child_ended;
	/**
	 * The request that was last handed out, so that it is not handed out again before its
	 * answer.
	 */
	uint32_t serial_seen;

	/** The ceiling that was set, and the breach that ended or stopped the workload. */
	struct segment_ceiling ceiling;
	struct fault_counter faults;
	struct breach breach;
	struct charge breach_charge;
	/** What its threads were doing then, if nobody in it could tell. */
	struct remote_stacks stacks;
	/** Of the workload's processes those that we have stopped, and that are to go on. */
	struct held held;
	bool is_killed_by_us;
	bool is_stopped_by_us;
	/** The kernel refused to leave addresses alone: they are random as usual. */
	bool is_randomised;

	/** Pictures in advance. */
	struct picture picture;

	/** The terminal has told the group to stop since it last went on. */
	bool terminal_stop_seen;

	/** Refused allocations as last noticed. */
	struct refusals refusals;

	int64_t start_unix_ms;
	uint64_t start_ms;
	uint64_t end_ms;
	int wait_status;
	struct rusage usage;
	/** /proc/PID/status of the workload between its end and our taking note of it. */
	struct buffer last_status;
	/** Children of the workload's that still ran when it had ended. */
	uint32_t survivors;
};

#endif
