// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Taking back the operation that a process was in the middle of when it died.
 *
 * An operation writes its intent with the numbers before it, then the entry, then the totals, then
 * clears the intent (core/shm/account.h). Each of those stores has happened or not; with
 * the numbers before, all are as if none had. A share of the peak needs no repair: snap fields are
 * stored before what they save is changed.
 */
#ifndef CORE_PROFILE_REPAIR_H
#define CORE_PROFILE_REPAIR_H

#include "core/shm/segment.h"

#include <stdbool.h>

/** True if intent says that an operation was under way. */
bool repair_is_needed(const struct intent *intent);

/**
 * Undo the operation in copies of its entry and of the totals. False, and nothing changes, if the
 * numbers cannot come from that operation: the intent, the entry or the totals were overwritten, or
 * (for the totals) another process has gone on.
 */
bool repair_undo(const struct intent *intent, struct entry *entry, struct totals *totals);

/** The bytes and blocks of an entry that were live at the peak. */
void entry_peak_share(const struct entry *entry, const struct totals *totals, uint64_t *ret_bytes,
		      uint64_t *ret_blocks);

/** The bytes that were live at the peak. */
uint64_t totals_peak(const struct totals *totals);

#endif
