// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * One run: what cmd/run.c sets up, and the reports that cmd/run_reports.c makes of it.
 *
 * Reports are made in workers (cmd/worker.h): forked, they see the run as it is at that moment.
 */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/limit.h"
#include "cmd/options.h"
#include "cmd/render.h"
#include "cmd/result_folder.h"
#include "cmd/target.h"
#include "cmd/worker.h"
#include "core/base/conditions.h"
#include "core/profile/profile.h"
#include "core/supervise/supervise.h"

#include <stdint.h>
#include <time.h>

/** Snapshots that may be in the making at the same time. */
#define SNAPSHOTS_MAX 4u

struct run {
	const struct options *options;
	struct target target;
	struct limit limit;
	struct result_folder folder;
	struct supervisor *supervisor;
	/** Quoted for a shell; "" under --no-argv. Owned. */
	char *command;
	/** Of the workload at its start. Owned. */
	char *directory;
	struct worker snapshots[SNAPSHOTS_MAX];
	/** The picture in advance being made, since when; how long the last and all took. */
	struct worker picture;
	int64_t picture_begun_ms;
	int64_t picture_took_ms;
	int64_t picture_spent_ms;
	/** If memory runs out the kernel kills us with the workload (memory.oom.group). */
	bool dies_together;
	/** There is one; the user has been told. */
	bool has_picture;
	bool has_told_picture;
	/** What the program was started in, for a comparison of two runs. */
	struct conditions conditions;
	/** On the monotonic clock. */
	int64_t start_ms;
	/** A report of the first refusal under a limit has been begun. */
	bool has_shown_refusal;
	/** Time spent on capturing refused allocations. */
	int64_t refused_ms;
	/** The report of a scope that the workload waits for: cmd/scope_reports.h. */
	struct worker scope_report;
	/** In the worker of such a report: of a scope that began then, on the wall clock. */
	bool is_of_scope;
	int64_t scope_start_unix_ms;
	/** In that worker: paths are the workload's own, as in its root folder. */
	bool is_in_its_root;
};

/** Milliseconds on a clock. */
int64_t run_clock_ms(clockid_t clock);

/** Say why nothing is started; returns the status to end with. */
int run_say_refusal(const struct refusal *refusal);

/** Set command and directory, as reports show them. STATUS_OWN_ERROR after having said why not. */
int run_describe(struct run *run);

/**
 * The hook as this workload needs it, if that is not as it is in the tool; to be freed. NULL: it
 * is (or there is no memory).
 */
void *run_hook(const struct run *run);

/** Release what run_describe and target_resolve have made. */
void run_done(struct run *run);

/**
 * Make a profile of the run as it is, or of its scope, machine code without names: NULL with errno
 * (core/profile/collect.h). For workers.
 */
struct profile *run_collect(const struct run *run, enum profile_moment moment);

/** The same with names for machine code. */
struct profile *run_collect_named(const struct run *run, enum profile_moment moment);

/** What --native says (NULL: it was not given), as the segment has it: SEGMENT_NATIVE_*. */
uint32_t run_native_flags(const char *choice);

/** "/proc/PID/root" of a workload that runs, and in another root than ours; else "". */
void run_find_root(const struct run *run, char *root, size_t size);

/** What reports are to look like. */
struct render_options run_render_options(const struct options *options);

/** Begin a report of the peak so far, in a folder of its own; the workload goes on. */
void run_start_snapshot(struct run *run);

/** The workload was stopped at the limit: say how to look at it, and begin a report. */
void run_show_stopped(struct run *run);

/** Wait for those reports of the peak so far that are done, and say what became of a killed one. */
void run_reap_snapshots(struct run *run);

/** An allocation was refused: capture what is held now, then let the workload go on. */
void run_keep_refused(struct run *run);

/**
 * The workload has ended: write its report and wait until that is done, or given up. 0 if it is
 * complete, else -1 after having said so.
 */
int run_write_report(struct run *run);

/** Its part in a worker: what there is to tell of the end. NULL with errno. */
struct profile *run_collect_last(const struct run *run);

/** Its part in the worker: collect, say the summary, render into the folder. 0 if complete. */
int run_render_last(struct run *run);

/** The workload has ended: what has asked it to may have been meant for us, too, and is done. */
void run_forget_end_requests(void);

/**
 * Wait for a worker that writes a last report; a second request to end gives it up. As worker_wait,
 * with errno ETIMEDOUT if it was given up.
 */
int run_wait_for_report(struct worker *worker);

/**
 * Open a complete report in a browser, if one is wanted. After supervise_done, and not in a worker:
 * the browser inherits limits, and it lives on.
 */
void run_show_report(const struct run *run);

#endif
