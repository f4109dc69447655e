// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The supervisor's side of core/shm/run_info.h. Does nothing for a segment that is not to be kept:
 * nobody could read it after us.
 */
#ifndef CORE_SUPERVISE_RUN_INFO_H
#define CORE_SUPERVISE_RUN_INFO_H

#include "core/supervise/supervisor.h"

/** What is known when the workload has just been started. */
void run_info_begin(struct supervisor *s, const struct supervise_notes *notes);

/** The workload has been looked at, or has ended. */
void run_info_update(struct supervisor *s);

#endif
