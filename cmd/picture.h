// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Pictures in advance: when memory is almost out, what is held is written into the folder of the
 * run, in a worker, and again when that has changed. Should everything in the container be killed
 * together then, that is what is left; else the report of the end takes its place.
 *
 * A picture takes memory where there is hardly any. It yields to the workload: a worker may take no
 * more than half of what is left, and gives up where that does not do. None is begun where the
 * workload would need that memory before it is done, and one is ended where that happens, before
 * the kernel ends it, or all together. Where all are killed together the first is made in any case.
 */
#ifndef CMD_PICTURE_H
#define CMD_PICTURE_H

#include <stdbool.h>

struct run;

/** Are we killed with the workload if memory runs out? root as in core/host/proc.h. */
bool picture_is_last_word(const char *root);

/** Memory is almost out (SUPERVISE_PICTURE): begin a picture, unless one is being made. */
void picture_begin(struct run *run);

/** Wait for the one that is being made if it is done. */
void picture_reap(struct run *run);

/** The workload has ended: give up the one that is being made. */
void picture_stop(struct run *run);

/** There is a complete report: what was taken in advance has done its service. */
void picture_remove(struct run *run);

#endif
