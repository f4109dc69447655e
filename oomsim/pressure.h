// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What a process and those below it are charged together. root as in core/host/proc.h.
 */
#ifndef OOMSIM_PRESSURE_H
#define OOMSIM_PRESSURE_H

#include "core/base/breach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Add what b says to a. */
void charge_add(struct charge *a, const struct charge *b);

/** How pages were shared when that was last looked at. Zeroed: never. */
struct pressure {
	struct charge shared_out;
	/** The plain sum then, and page faults and processes of all. */
	uint64_t plain_bytes;
	uint64_t faults;
	uint32_t processes;
};

/**
 * The charge of processes together, the workload first. Pages that several have count once if their
 * plain sum is above matters_bytes, else as often (which is cheap, about ten microseconds a
 * process). To share them out takes the kernel a walk over all of them (/proc/PID/smaps_rollup,
 * 4.14; its Pss_Anon and Pss_Shmem 5.4), about ten milliseconds a gigabyte; so from one such look
 * on the charge is taken to grow by what the plain sum grows, or by a page a fault, whichever is
 * more, until that reaches matters_bytes. Where sharing cannot be read a process counts in full.
 *
 * @param segment_bytes  of the workload's shared memory, which are ours and are left out.
 */
struct charge pressure_read(struct pressure *pressure, const char *root, const pid_t *pids,
			    size_t count, uint64_t segment_bytes, uint64_t matters_bytes);

#endif
