// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* How the hook tells the SIGTRAP of the counter of page faults from any other. */
#ifndef CORE_BASE_FAULTS_H
#define CORE_BASE_FAULTS_H

/** perf_event_attr.sig_data of the counters: what their SIGTRAP brings along. "fil-flt". */
#define FAULTS_MAGIC 0x66696c2d666c74ull

#endif
