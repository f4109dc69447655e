// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/limits.h"

void limits_lower(int resource, rlim_t most)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) == 0) {
		limit.rlim_max = most < limit.rlim_max ? most : limit.rlim_max;
		limit.rlim_cur = limit.rlim_max;
		setrlimit(resource, &limit);
	}
}
