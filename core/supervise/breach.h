// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What a breach of the ceiling leads to: the hook has found one and waits, or a look from outside
 * has. The workload and all that is below it are stopped, so that nothing moves any more, what they
 * use is read, and then they are killed as the kernel would have killed them, or left stopped.
 */
#ifndef CORE_SUPERVISE_BREACH_H
#define CORE_SUPERVISE_BREACH_H

#include "core/base/breach.h"

#include <stdbool.h>

struct supervisor;

/** The hook has posted a breach. */
void breach_posted(struct supervisor *supervisor);

/** After a look: is the charge above the ceiling by more than the margin? Then that is a breach. */
void breach_look(struct supervisor *supervisor);

/** The ceiling and its breach as far as they are known: ours, or what the hook has noted. */
struct breach breach_known(const struct supervisor *supervisor);

/** A workload that was stopped by a breach goes on: so do those below it. */
void breach_continue(struct supervisor *supervisor);

/** Stop ourselves, too, if a shell waits for us at a terminal: then its fg goes on with all. */
void breach_stop_self(const struct supervisor *supervisor);

#endif
