// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/brink.h"

#include "core/host/proc.h"

/** No program touches more memory than this in a millisecond: 4 GB a second. */
#define TOUCHED_PER_MS ((uint64_t)4 << 20)
#define LOOK_MIN_MS 2u
/** While it does not come closer. */
#define LOOK_STILL_MS 20u
#define LOOK_MAX_MS 1000u

static struct brink of_group(const struct cgroup *group)
{
	struct cgroup_room room = cgroup_tightest(group);
	return (struct brink){
		.limit_bytes = room.limit_bytes,
		.used_bytes = room.used_bytes,
		.spare_bytes = room.limit_bytes / BRINK_PARTS,
	};
}

static struct brink of_machine(const char *root)
{
	uint64_t ram_bytes = proc_machine_ram(root);
	uint64_t available_bytes;
	if (!ram_bytes || !proc_machine_available(root, &available_bytes)) {
		return (struct brink){ 0 };
	}
	uint64_t spare_bytes = ram_bytes / BRINK_PARTS;
	return (struct brink){
		.limit_bytes = ram_bytes,
		.used_bytes = available_bytes < ram_bytes ? ram_bytes - available_bytes : 0,
		.spare_bytes = spare_bytes < BRINK_MACHINE_BYTES_MAX ? spare_bytes
								     : BRINK_MACHINE_BYTES_MAX,
		.is_machine = true,
	};
}

uint64_t brink_left(const struct brink *brink)
{
	return brink->limit_bytes > brink->used_bytes ? brink->limit_bytes - brink->used_bytes : 0;
}

/** Bytes until it is almost out. */
static uint64_t gap_of(const struct brink *brink)
{
	uint64_t left = brink_left(brink);
	return left > brink->spare_bytes ? left - brink->spare_bytes : 0;
}

struct brink brink_read(const char *root, const struct cgroup *group)
{
	struct brink machine = of_machine(root);
	struct brink inner = of_group(group);
	bool is_machines = machine.limit_bytes
		&& (!inner.limit_bytes || gap_of(&machine) < gap_of(&inner));
	return is_machines ? machine : inner;
}

static uint64_t look_interval(const struct brink *now, bool is_closer)
{
	uint64_t least = is_closer ? LOOK_MIN_MS : LOOK_STILL_MS;
	uint64_t ms = now->limit_bytes ? gap_of(now) / TOUCHED_PER_MS : LOOK_MAX_MS;
	return ms < least ? least : ms > LOOK_MAX_MS ? LOOK_MAX_MS : ms;
}

void brink_watch_take(struct brink_watch *watch, const struct brink *now, uint64_t now_ms)
{
	const struct brink *last = &watch->last;
	bool is_same = last->limit_bytes && last->limit_bytes == now->limit_bytes
		&& last->is_machine == now->is_machine;
	uint64_t grown = is_same && now->used_bytes > last->used_bytes
		? now->used_bytes - last->used_bytes
		: 0;
	uint64_t passed_ms = now_ms > watch->last_ms ? now_ms - watch->last_ms : 1;
	watch->pace = grown / passed_ms;
	watch->last = *now;
	watch->last_ms = now_ms;
	watch->next_ms = now_ms + look_interval(now, grown > 0);
}

uint64_t brink_left_ms(const struct brink_watch *watch)
{
	return watch->pace ? brink_left(&watch->last) / watch->pace : UINT64_MAX;
}

bool brink_is_short(const struct brink *brink)
{
	return brink->limit_bytes && gap_of(brink) == 0;
}

bool brink_is_near(const struct brink_watch *watch, uint64_t wanted_bytes)
{
	const struct brink *last = &watch->last;
	uint64_t left = brink_left(last);
	/* A small container that is idle is not near, however much is wanted. */
	bool is_half_used = last->limit_bytes && last->used_bytes > last->limit_bytes / 2;
	return brink_is_short(last)
		|| (is_half_used
		    && (brink_left_ms(watch) <= BRINK_AHEAD_MS || wanted_bytes >= left));
}
