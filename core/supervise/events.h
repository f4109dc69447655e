// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What can happen while the workload runs, and what is done about it: a table of state and event.
 */
#ifndef CORE_SUPERVISE_EVENTS_H
#define CORE_SUPERVISE_EVENTS_H

struct supervisor;

/** Wait until something happens or a look at the workload is due, and deal with all of it. */
void events_wait(struct supervisor *s);

#endif
