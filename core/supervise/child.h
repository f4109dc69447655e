// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From fork to exec: everything that happens in the workload's process before it is the workload.
 */
#ifndef CORE_SUPERVISE_CHILD_H
#define CORE_SUPERVISE_CHILD_H

#include "core/supervise/passing.h"
#include "core/supervise/signals.h"
#include "core/supervise/supervise.h"

#include <stdint.h>
#include <sys/types.h>

struct child_plan {
	const struct supervise_options *options;
	const struct passing *passing;
	const struct signals *signals;
	/** The workload's whole environment. */
	char *const *environment;
	/** To be added to its oom_score_adj: child_oom_bias. */
	int oom_bias;
};

/**
 * How much oom_score_adj to give the workload so that the kernel never takes the supervisor in its
 * stead: the least that outweighs BIAS_BYTES, since one unit weighs a thousandth of the memory that
 * ran out. limit_bytes is the lowest limit over the workload (0: none).
 */
int child_oom_bias(uint64_t limit_bytes, uint64_t machine_ram_bytes);

/** Raise this process's oom_score_adj; refused, unreadable or already at its maximum: leave it. */
void child_oom_bias_apply(int bias);

/**
 * Start the workload. Returns its process id once it runs the program; -1 with *ret_error filled if
 * it never did: 126 or 127 if the program was the reason. *ret_is_randomised: fixed addresses were
 * wanted, and refused.
 */
pid_t child_start(const struct child_plan *plan, bool *ret_is_randomised,
		  struct supervise_error *ret_error);

#endif
