// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A picture in advance: while the memory that there really is, the container's or the machine's, is
 * almost out, the caller is asked now and then to write down what is held. If everything dies
 * together then, the supervisor too, that is what is left. The workload is not touched for it.
 */
#ifndef CORE_SUPERVISE_PICTURE_H
#define CORE_SUPERVISE_PICTURE_H

#include "oomsim/brink.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

struct picture {
	struct brink_watch watch;
	/** Live bytes when the last picture was begun; there is none yet if not has_begun. */
	uint64_t live_bytes;
	bool has_begun;
};

/** Whether to take pictures at all. Before the first look. */
void picture_init(struct picture *picture, bool is_wanted);

/** Look if it is time to: wants_picture is set if one is due. */
void picture_look(struct supervisor *supervisor, uint64_t now_ms);

#endif
