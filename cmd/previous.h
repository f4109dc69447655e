// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The run before: of the same command, under the same limit, in the same folder of results. */
#ifndef CMD_PREVIOUS_H
#define CMD_PREVIOUS_H

#include "cmd/result_folder.h"
#include "core/profile/profile.h"

/**
 * Find it and read it: the last of those that have reached the limit, of the last few folders that
 * are older than this one. NULL if there is none. *ret_path is its folder; both are the caller's
 * (profile_free, free).
 */
struct profile *previous_read(const struct result_folder *folder, const struct profile *profile,
			      char **ret_path);

#endif
