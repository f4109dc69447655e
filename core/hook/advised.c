// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/advised.h"

#include "core/hook/hook.h"

/** Pages that one look asks the kernel about, a third of a microsecond each. */
#define PROBES_MAX 32
#define TRIES_MAX 1000

static bool try_take(struct advised *advised)
{
	return exchange_acquire(&advised->is_taken, 1) == 0;
}

/** Others hold it for some microseconds, and never wait meanwhile. */
static bool take(struct advised *advised)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		if (try_take(advised)) {
			return true;
		}
		sys_sched_yield();
	}
	return false;
}

static void give(struct advised *advised)
{
	/* Pairs with the exchange in try_take. */
	store_release(&advised->is_taken, 0);
}

static void forget(struct advised *advised, uint32_t i)
{
	advised->ranges[i] = advised->ranges[--advised->count];
}

enum probe { PROBE_EMPTY, PROBE_FILLED, PROBE_UNMAPPED };

/** A chunk whose first page is there has a huge page, or will not get one by a fault. */
static enum probe probe(uintptr_t address)
{
	unsigned char is_resident = 0;
	uintptr_t page = address & ~((uintptr_t)hook.page_bytes - 1);
	if (sys_failed(sys_call3(SYS_mincore, page, hook.page_bytes, &is_resident))) {
		return PROBE_UNMAPPED;
	}
	return is_resident & 1 ? PROBE_FILLED : PROBE_EMPTY;
}

/** Take off its start what is filled; false if nothing is left of it. */
static bool trim(struct advised *advised, uint32_t i, int *probes)
{
	uintptr_t chunk = (uintptr_t)hook.view.header->ceiling.advised_page_bytes;
	while (advised->ranges[i].start < advised->ranges[i].end && *probes > 0) {
		--*probes;
		switch (probe(advised->ranges[i].start)) {
		case PROBE_EMPTY:
			return true;
		case PROBE_UNMAPPED:
			return false;
		case PROBE_FILLED:
			advised->ranges[i].start = (advised->ranges[i].start / chunk + 1) * chunk;
		}
	}
	return advised->ranges[i].start < advised->ranges[i].end;
}

static uint64_t sum_up(struct advised *advised)
{
	uint64_t bytes = 0;
	int probes = PROBES_MAX;
	for (uint32_t i = 0; i < advised->count;) {
		if (trim(advised, i, &probes)) {
			bytes += advised->ranges[i].end - advised->ranges[i].start;
			i++;
		} else {
			forget(advised, i);
		}
	}
	return bytes;
}

/** What lies in the new range is known anew. */
static void forget_within(struct advised *advised, uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < advised->count;) {
		if (advised->ranges[i].start >= start && advised->ranges[i].end <= end) {
			forget(advised, i);
		} else {
			i++;
		}
	}
}

void advised_add(uintptr_t start, size_t bytes)
{
	struct advised *advised = &hook.advised;
	store_relaxed(&advised->is_used, 1);
	if (!take(advised)) {
		store_relaxed(&advised->is_overfull, 1);
		return;
	}
	forget_within(advised, start, start + bytes);
	if (advised->count == ADVISED_MAX) {
		sum_up(advised);
	}
	if (advised->count < ADVISED_MAX) {
		advised->ranges[advised->count].start = start;
		advised->ranges[advised->count].end = start + bytes;
		advised->count++;
	} else {
		store_relaxed(&advised->is_overfull, 1);
	}
	give(advised);
}

uint64_t advised_untouched(void)
{
	struct advised *advised = &hook.advised;
	uint64_t bytes = ADVISED_UNKNOWN;
	if (!load_relaxed(&advised->is_overfull) && try_take(advised)) {
		bytes = sum_up(advised);
		give(advised);
	}
	return bytes;
}
