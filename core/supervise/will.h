// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Our last will: whom we hold stopped, in memory that the witness shares. If we are killed
 * (kill -9) it lets them go on, so that nobody stays stopped whom nobody knows to continue.
 *
 * Written by the supervisor, one thread; read by the witness when the supervisor is dead.
 */
#ifndef CORE_SUPERVISE_WILL_H
#define CORE_SUPERVISE_WILL_H

#include "core/supervise/descendants.h"

struct will;

/** In memory that is shared with processes forked from now on; NULL: none can be had. */
struct will *will_new(void);
void will_free(struct will *will);

/**
 * This process will be stopped by us now. What there is no room for (more than a thousand) is left
 * out. will may be NULL, here and below.
 */
void will_add(struct will *will, const struct descendant *process);

/** They go on. */
void will_clear(struct will *will);

/** Let all go on that are in it and still exist. root as in core/host/proc.h. */
void will_execute(const struct will *will, const char *root);

#endif
