// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Scopes: a scope is a part of the run that the workload asks for, and its report shows what was
 * allocated inside. One is open at a time, for all threads.
 *
 * Where nothing is recorded until that (SEGMENT_ON_REQUEST), opening one forgets everything
 * recorded before. While none is open, Python's allocators are not wrapped, and the malloc family
 * passes on after one look at the gate. Wrapping takes the interpreter's lock: open and close are
 * for a thread that holds it.
 *
 * Where the whole run is recorded, that goes on, and the scope has an account beside the run's
 * (scope_account.h): both reports are right. All results are 0 or an enum control_error
 * (control.h).
 */
#ifndef CORE_HOOK_SCOPE_H
#define CORE_HOOK_SCOPE_H

#include "core/hook/control.h"

/** The end of the constructor: record from now on, or wait for the first scope. */
void scope_start(void);

/** Begin to record. */
long scope_open(const struct control_scope *wanted);

/** Stop. What was recorded stays for reports, until the next one is opened. */
long scope_close(void);

/** What is live, and the peak: of the open scope or the last one; of all that is recorded. */
long scope_usage(struct control_usage *ret_usage);
long scope_run_usage(struct control_usage *ret_usage);

/** The peak of the open scope is what is live now. */
long scope_reset_peak(void);

/**
 * Ask for a report of the scope in a folder, and go on. Ended by scope_await_report; one at a
 * time.
 */
long scope_report(const struct control_text *folder);

/** Wait a fifth of a second for that report: CONTROL_NOT_YET if it is not there. */
long scope_await_report(void);

/** Keep the text of a source file that is on no disk, for reports. */
long scope_add_source(const struct control_source *source);

/** CONTROL_OFF, CONTROL_OPEN or CONTROL_WHOLE; CONTROL_IN_CHILD. */
long scope_state(void);

#endif
