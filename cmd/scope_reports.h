// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reports of scopes, parts of the run that the workload itself has profiled: into the folder that
 * it names. The folder is only touched in workers (cmd/worker.h) that have taken on the workload's
 * rights and its root folder: whatever it names, nothing is read or written there that the workload
 * could not read or write itself.
 */
#ifndef CMD_SCOPE_REPORTS_H
#define CMD_SCOPE_REPORTS_H

#include "cmd/run.h"

/** The workload waits for a report (SUPERVISE_SCOPE): begin it. */
void scope_report_start(struct run *run);

/** If it is done, let the workload go on. */
void scope_report_reap(struct run *run);

/** Begin a report of the scope so far, if there is one with a folder; false if there is none. */
bool scope_report_snapshot(struct run *run);

/** The workload has ended, inside a scope or while it waited for the report of one: write it. */
void scope_report_last(struct run *run);

#endif
