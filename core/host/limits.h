// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Resource limits of this process, for those that are given less than we have. */
#ifndef CORE_HOST_LIMITS_H
#define CORE_HOST_LIMITS_H

#include <sys/resource.h>

/** Bring both limits of a resource (RLIMIT_*) down to most, for good. A lower one stays. */
void limits_lower(int resource, rlim_t most);

#endif
