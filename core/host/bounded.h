// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Work on what is not to be trusted, or has no end, in a forked child with bounds on its memory and
 * time: it may crash or hang, and takes nothing with it.
 */
#ifndef CORE_HOST_BOUNDED_H
#define CORE_HOST_BOUNDED_H

#include "core/host/buffer.h"

#include <stddef.h>
#include <sys/resource.h>

struct bounds {
	/** Address space of the child (not with AddressSanitizer, which takes terabytes). */
	rlim_t memory_bytes;
	rlim_t cpu_seconds;
	/** It is given up after so long without a byte from it. */
	int silence_ms;
	/** More than that is not taken. */
	size_t answer_bytes;
};

/**
 * Fork, and in the child call work, which writes its answer to fd. The child has no core dumps,
 * SIGPIPE ignored, and is the first to go when memory is out.
 *
 * @param answer  What it has written before its end is appended. Running out of memory is
 *                buffer_failed.
 * @return 0; -1 with errno if there was no child. When this returns there is none any more.
 */
int bounded_run(const struct bounds *bounds, void (*work)(void *context, int fd), void *context,
		struct buffer *answer);

#endif
