// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A frame in one line of text: "job.py:7 load: rows = list(file)". */
#ifndef CORE_REPORT_PLACE_H
#define CORE_REPORT_PLACE_H

#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * Write it, safe for a terminal: file and line, function, and with_source the line itself if it is
 * known and is still the same.
 */
void place_write(FILE *out, const struct profile *profile, uint32_t frame, bool with_source);

#endif
