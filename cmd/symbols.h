// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Names for machine code in a report: where to look for them, and what to say about it. */
#ifndef CMD_SYMBOLS_H
#define CMD_SYMBOLS_H

#include "cmd/options.h"
#include "core/profile/profile.h"

/**
 * Name what was recorded on this machine and has no names yet. Consumes profile (NULL is passed
 * on) and returns it or another. root: of the workload, as for names_find.
 */
struct profile *symbols_name(struct profile *profile, const char *root, bool with_source);

/** The same with the folders of --symbols, if there are any; says what came of it. */
struct profile *symbols_look_in_folders(struct profile *profile, const struct options *options);

#endif
