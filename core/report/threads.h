// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Which threads a report lists, and in which order. */
#ifndef CORE_REPORT_THREADS_H
#define CORE_REPORT_THREADS_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>

/** Whoever died without a word, broke a ceiling or lives: where its threads were last seen. */
bool threads_matter(const struct outcome *outcome);

/** True for the thread that reached the limit. */
bool threads_broke(const struct profile *profile, const struct profile_thread *thread);

/** Their stacks are those that they had when they were stopped. */
bool threads_are_stopped(const struct profile *profile);

/**
 * Numbers of all threads: the one that reached the limit first, then the last seen first. The array
 * is the caller's to free; NULL with errno ENOMEM.
 */
uint32_t *threads_in_order(const struct profile *profile);

#endif
