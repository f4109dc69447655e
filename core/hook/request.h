// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Requests to the supervisor: posted in the slot, announced by the doorbell. */
#ifndef CORE_HOOK_REQUEST_H
#define CORE_HOOK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/** Ask for a report of the peak so far. Does not wait; safe in signal handlers. */
void request_snapshot(void);

/**
 * Tell of a refused allocation and wait until the supervisor has read what is live: at most two
 * seconds, and not when it is dead. A program that probes is not slowed: after the first few, only
 * a refusal when clearly more is live than before waits.
 */
void request_failed_allocation(uint32_t node, uint64_t bytes);

/**
 * Have page faults counted at a step, or (CEILING_STEPS) no more, and wait: at most two seconds,
 * and not when the supervisor is dead. is_patient: also until another request is answered; not in
 * signal handlers.
 *
 * @return true if it was posted and answered.
 */
bool request_faults(uint32_t step, bool is_patient);

/**
 * Tell of the breach that slot.breach describes and wait: until the supervisor has killed us, or
 * has stopped us and somebody lets us go on. At most a minute, another one behind other threads'
 * requests, and not when it is dead.
 */
void request_breach(void);

/** Wait for what comes of another thread's breach while that is under way (1). As long. */
void request_await_breach(uint32_t *is_under_way);

/** Ask for a report of the scope, in turn. False: nobody would answer. */
bool request_scope_report(void);

enum request_answer { REQUEST_ANSWERED, REQUEST_NOT_YET, REQUEST_NOBODY };

/** Wait a fifth of a second until done, a futex of the supervisor's, has reached wanted. */
enum request_answer request_await_scope(uint32_t *done, uint32_t wanted);

/** The supervisor's process id, 0 if it is dead. */
uint32_t request_supervisor(void);

#endif
