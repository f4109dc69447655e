// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What a reader has to know to trust the numbers of a report, one sentence each. */
#ifndef CORE_REPORT_NOTES_H
#define CORE_REPORT_NOTES_H

#include "core/profile/profile.h"

/**
 * Call line() for each sentence that applies, without newline, safe for a terminal: what was not
 * recorded and why, child processes, refused allocations, repaired counts. None if all is well.
 */
void report_notes(const struct profile *profile, void (*line)(void *context, const char *text),
		  void *context);

/** Of these, those on machine code that has no names or no lines, and why. */
void report_module_notes(const struct profile *profile,
			 void (*line)(void *context, const char *text), void *context);

/** Of these, those on memory of which only the mappings are known: an allocator linked in. */
void report_mapped_notes(const struct profile *profile,
			 void (*line)(void *context, const char *text), void *context);

/** Sum over all processes of one enum missed. */
uint64_t report_missed(const struct profile *profile, unsigned which);

#endif
