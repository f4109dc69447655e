// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The brink: how close the memory that there really is comes to being used up, be it a container's
 * (the tightest of a cgroup and its ancestors) or the machine's. What it leads to is no more than a
 * picture in advance: nothing is ever ended because of it.
 */
#ifndef OOMSIM_BRINK_H
#define OOMSIM_BRINK_H

#include "core/host/cgroup.h"

#include <stdbool.h>
#include <stdint.h>

/** Almost out: less than a twentieth of a container's limit is left ... */
#define BRINK_PARTS 20u
/** ... or of the machine's RAM, but of a large machine no more than this. */
#define BRINK_MACHINE_BYTES_MAX ((uint64_t)512 << 20)
/** Soon out: within so long at the pace of the last look, and half of it is used. */
#define BRINK_AHEAD_MS 500u

/** Whose memory is the scarcest, and how much of it is used. Zeroed: nothing is known. */
struct brink {
	uint64_t limit_bytes;
	uint64_t used_bytes;
	/** If less than this is left it is almost out. */
	uint64_t spare_bytes;
	/** Of the machine, not of a cgroup. */
	bool is_machine;
};

/** How it comes closer. Zeroed at the start. */
struct brink_watch {
	struct brink last;
	/** By how much more was used then than at the look before, per millisecond. */
	uint64_t pace;
	uint64_t last_ms;
	/** When to look again. */
	uint64_t next_ms;
};

/** Read it now. root as in core/host/proc.h; group may be of version 0. */
struct brink brink_read(const char *root, const struct cgroup *group);

/** Bytes that are left; 0 if none, or nothing is known. */
uint64_t brink_left(const struct brink *brink);

/** Milliseconds until nothing is left, at the pace of the last look; UINT64_MAX: not at all. */
uint64_t brink_left_ms(const struct brink_watch *watch);

/** Is it almost out? Not if nothing is known. */
bool brink_is_short(const struct brink *brink);

/**
 * Take in what was read at now_ms, and decide when to look again: far away as late as memory cannot
 * be almost out before, however fast it is touched; close to it often while it comes closer.
 */
void brink_watch_take(struct brink_watch *watch, const struct brink *now, uint64_t now_ms);

/**
 * As of the last look: is it almost out, is it soon, or is less left than wanted_bytes, which
 * whoever asks needs to do something about it?
 */
bool brink_is_near(const struct brink_watch *watch, uint64_t wanted_bytes);

#endif
