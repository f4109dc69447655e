// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/picture.h"

#include "core/base/atomic.h"
#include "core/shm/ledger.h"
#include "core/supervise/supervisor.h"

/** A new picture is worth its cost when live memory differs by one part in so many. */
#define NEWS_PARTS 50u

void picture_init(struct picture *picture, bool is_wanted)
{
	*picture = (struct picture){ .watch.next_ms = is_wanted ? 0 : UINT64_MAX };
}

/** Measured with jobs of 2,000 to 900,000 stacks. */
#define BASE_BYTES ((uint64_t)2 << 20)
#define COPIES 4u
/** While one is made, one part in so many of what it takes stays for the workload. */
#define RESERVE_PARTS 4u
/** A picture may take half of what is left (cmd/picture.h); there is less when it begins. */
#define ROOM_PARTS 3u

static uint64_t live_bytes(const struct supervisor *s)
{
	return ledger_sum(s->passing.header).live_bytes;
}

static bool is_news(const struct picture *picture, uint64_t live)
{
	uint64_t before = picture->live_bytes;
	uint64_t distance = live > before ? live - before : before - live;
	return !picture->has_begun || distance > before / NEWS_PARTS;
}

static uint64_t arena_used_bytes(const struct supervisor *s, uint32_t which)
{
	const struct arena *arena = &s->passing.header->arena[which];
	return load_relaxed(&arena->used) * arena->element_bytes;
}

/**
 * What it takes to make one, about: the collector copies what is known of stacks, and of what the
 * ledgers have one at a time.
 */
static uint64_t picture_bytes(const struct supervisor *s)
{
	uint64_t stacks = 0, ledger = 0;
	for (uint32_t i = ARENA_NODE; i <= ARENA_TEXT; i++) {
		stacks += arena_used_bytes(s, i);
	}
	for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
		uint64_t bytes = arena_used_bytes(s, ARENA_LEDGER + i);
		ledger = bytes > ledger ? bytes : ledger;
	}
	return BASE_BYTES + COPIES * stacks + ledger;
}

void picture_look(struct supervisor *s, uint64_t now_ms)
{
	struct picture *picture = &s->picture;
	if (now_ms < picture->watch.next_ms) {
		return;
	}
	struct brink brink = brink_read(s->proc_root, &s->sampler.source.group);
	brink_watch_take(&picture->watch, &brink, now_ms);
	s->wants_picture = brink_is_near(&picture->watch, ROOM_PARTS * picture_bytes(s))
		&& (is_news(picture, live_bytes(s)) || supervise_is_tight(s, 0));
}

struct brink supervise_brink(const struct supervisor *s)
{
	return s->picture.watch.last;
}

bool supervise_is_tight(const struct supervisor *s, uint64_t worker_bytes)
{
	uint64_t left = brink_left(&s->picture.watch.last), needed = picture_bytes(s);
	return left + worker_bytes < needed || left < needed / RESERVE_PARTS;
}

uint64_t supervise_brink_left_ms(const struct supervisor *s)
{
	return brink_left_ms(&s->picture.watch);
}

void supervise_picture_begun(struct supervisor *s)
{
	s->picture.live_bytes = live_bytes(s);
	s->picture.has_begun = true;
}
