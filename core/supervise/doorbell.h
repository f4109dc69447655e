// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Word from the workload, and word of our death to it; both are futexes in the segment's header, so
 * that they work when the workload has closed all descriptors, changed its user or its root.
 *
 * A hook increments header.doorbell and wakes it. A thread of ours waits for that and passes it on
 * to an eventfd. Without the thread (RLIMIT_NPROC) requests are seen at the next sample.
 *
 * header.supervisor_tid is a robust futex (set_robust_list(2)): when the thread that claimed it
 * dies, however that happens, the kernel sets FUTEX_OWNER_DIED in it and wakes.
 */
#ifndef CORE_SUPERVISE_DOORBELL_H
#define CORE_SUPERVISE_DOORBELL_H

#include "core/shm/segment.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* include/uapi/linux/futex.h */
#define FUTEX_OWNER_DIED 0x40000000u

struct robust_claim;

struct doorbell {
	struct segment_header *header;
	/** Readable when the doorbell was rung. -1: there is no thread. */
	int event_fd;
	pthread_t thread;
	uint32_t is_stopping;
	struct robust_claim *claim;
};

/**
 * Announce the calling thread as the supervisor. It must be the one that lives as long as the
 * process.
 */
bool doorbell_claim(struct doorbell *doorbell, struct segment_header *header);

/** Start listening. All signals must be blocked. event_fd stays -1 if that is not possible. */
void doorbell_listen(struct doorbell *doorbell);

/** Take what was rung off the eventfd. */
void doorbell_clear(const struct doorbell *doorbell);

/** Stop listening; tell the workload that nobody answers any more. */
void doorbell_close(struct doorbell *doorbell);

#endif
