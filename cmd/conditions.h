// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What of a run's surroundings moves the number of an allocation. */
#ifndef CMD_CONDITIONS_H
#define CMD_CONDITIONS_H

#include "core/base/conditions.h"

#include <stdbool.h>

/** All that is known before the program has run. */
struct conditions conditions_of(char *const *environment, char *const *argv, bool fixed_addresses);

/** We run without random addresses ourselves (setarch -R): so does what we start. */
bool conditions_are_addresses_inherited(void);

#endif
