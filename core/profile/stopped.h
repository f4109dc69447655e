// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Threads whose stacks were read from outside become threads of a profile. */
#ifndef CORE_PROFILE_STOPPED_H
#define CORE_PROFILE_STOPPED_H

#include "core/profile/builder.h"
#include "core/remote/stacks.h"

/**
 * Add them as threads of process pid. The stack of the one that reached the limit
 * (outcome.breach.tid) is the breach's.
 *
 * @param stacks  May be NULL: none.
 */
void stopped_add(struct builder *builder, const struct remote_stacks *stacks, uint32_t pid);

/** True if the stack of a thread is in there. */
bool stopped_has(const struct remote_stacks *stacks, uint32_t tid);

#endif
