// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/threads.h"

#include <stdlib.h>

bool threads_matter(const struct outcome *outcome)
{
	return (outcome->verdict != VERDICT_EXITED && outcome->verdict != VERDICT_PART)
		|| outcome->breach.trigger != BREACH_NONE;
}

bool threads_broke(const struct profile *profile, const struct profile_thread *thread)
{
	const struct breach *breach = &profile->outcome.breach;
	return breach->trigger != BREACH_NONE && breach->tid && breach->tid == thread->tid;
}

bool threads_are_stopped(const struct profile *profile)
{
	return profile->thread_count && profile->threads[0].flags & THREAD_STOPPED;
}

static int compare_threads(const void *a, const void *b, void *context)
{
	const struct profile *profile = context;
	const struct profile_thread *x = &profile->threads[*(const uint32_t *)a];
	const struct profile_thread *y = &profile->threads[*(const uint32_t *)b];
	bool first = threads_broke(profile, x);
	if (first != threads_broke(profile, y)) {
		return first ? -1 : 1;
	}
	if (x->age_allocations != y->age_allocations) {
		return x->age_allocations < y->age_allocations ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

uint32_t *threads_in_order(const struct profile *profile)
{
	uint32_t *order = malloc(((size_t)profile->thread_count + 1) * sizeof(*order));
	if (order) {
		for (uint32_t i = 0; i < profile->thread_count; i++) {
			order[i] = i;
		}
		qsort_r(order, profile->thread_count, sizeof(*order), compare_threads,
			(void *)profile);
	}
	return order;
}
