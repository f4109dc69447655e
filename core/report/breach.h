// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A breach in words, for the head of every report: without full stop, nothing to be escaped. */
#ifndef CORE_REPORT_BREACH_H
#define CORE_REPORT_BREACH_H

#include "core/base/outcome.h"
#include "core/profile/profile.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** True if there was a breach to be told about. */
bool breach_happened(const struct outcome *outcome);

/** "400.0 MiB of resident memory, as containers count it"; nothing if there was no ceiling. */
void breach_write_limit(FILE *out, const struct outcome *outcome);

/** What was seen, by how much it was too much, and who saw it; nothing if there was no breach. */
void breach_write(FILE *out, const struct outcome *outcome);

/** The heading of the stack at profile.breach_node, without colon. */
void breach_write_title(FILE *out, const struct outcome *outcome);

#endif
