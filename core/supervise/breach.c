// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/breach.h"

#include "core/base/atomic.h"
#include "core/supervise/supervisor.h"
#include "core/supervise/tree.h"
#include "oomsim/ceiling.h"

#include <signal.h>
#include <unistd.h>

/** What the charge has to be above of for a breach that is seen from outside. */
static uint64_t breach_bytes(const struct supervisor *s)
{
	uint64_t limit_bytes = s->ceiling.limit_bytes;
	/* Where the hook cannot look for itself there is nobody to come first. */
	bool is_blind = s->passing.slot->image_flags & IMAGE_CEILING_BLIND;
	return is_blind ? limit_bytes : ceiling_with_margin(limit_bytes);
}

/** What all of them use, now that nothing moves. */
static void read_charge(struct supervisor *s)
{
	uint64_t now_ms = sampler_now_ms();
	descendants_look(&s->descendants, now_ms);
	sampler_look_closely(&s->sampler, &s->descendants, now_ms);
}

/**
 * The children have probably taken the charge above the ceiling: see whether that is so while they
 * take nothing more. Only they are held, and only that long; the workload itself is followed by the
 * hook.
 */
static void read_charge_holding_children(struct supervisor *s)
{
	tree_hold(&s->descendants, TREE_CHILDREN, &s->held);
	read_charge(s);
	if (charge_sum(&s->sampler.charge) <= breach_bytes(s)) {
		tree_release(s->proc_root, &s->held);
	}
}

/** Who sees it from outside has to look there for what the threads are doing. */
static void look_at_threads(struct supervisor *s)
{
	remote_stacks_done(&s->stacks);
	if (remote_stacks_read(s->proc_root, s->pid, s->passing.slot->hook_python, &s->stacks)) {
		s->breach.tid = remote_busy_thread(&s->stacks);
	}
}

static void happen(struct supervisor *s, const struct breach *breach)
{
	s->breach = *breach;
	tree_hold(&s->descendants, TREE_WITH_WORKLOAD, &s->held);
	if (breach->trigger == BREACH_POLL) {
		look_at_threads(s);
	}
	if (s->faults.is_open) {
		fault_counter_close(s);
	}
	read_charge(s);
	s->breach_charge = s->sampler.charge;
	if (breach->action == CEILING_STOP) {
		s->is_stopped_by_us = true;
		s->wants_breach = true;
	} else {
		/* The report is made from the segment, which does not die with them. */
		s->is_killed_by_us = true;
		tree_kill(&s->descendants);
	}
}

/** What the workload has written is believed as far as it can mislead nobody. */
static struct breach posted_breach(const struct supervisor *s)
{
	const struct segment_ceiling *ceiling = &s->ceiling;
	struct breach breach = breach_checked(s->passing.slot->breach);
	breach.metric = ceiling->metric;
	breach.action = ceiling->action;
	breach.limit_bytes = ceiling->limit_bytes;
	return breach;
}

/** Nothing was asked for that could be refused: then it is a kill. */
static uint32_t action_of(const struct breach *breach)
{
	bool is_touch = breach->trigger == BREACH_FAULT || breach->trigger == BREACH_POLL;
	return is_touch && breach->action == CEILING_ENOMEM ? CEILING_KILL : breach->action;
}

void breach_posted(struct supervisor *s)
{
	if (s->ceiling.metric != CEILING_NONE && s->breach.trigger == BREACH_NONE) {
		struct breach breach = posted_breach(s);
		/* Not noted, because the lock was not to be had. */
		breach.trigger = breach.trigger ? breach.trigger : BREACH_ALLOCATION;
		breach.action = action_of(&breach);
		happen(s, &breach);
	} else {
		/* There is one breach; who finds another goes on. */
		supervise_answer(s);
	}
}

void breach_look(struct supervisor *s)
{
	const struct segment_ceiling *ceiling = &s->ceiling;
	const struct slot *slot = s->passing.slot;
	if (ceiling->metric != CEILING_RESIDENT || s->breach.trigger != BREACH_NONE) {
		return;
	}
	if (sampler_likely_bytes(&s->sampler) > breach_bytes(s)
	    && charge_sum(&s->sampler.charge) <= breach_bytes(s)) {
		read_charge_holding_children(s);
	}
	uint64_t used_bytes = charge_sum(&s->sampler.charge);
	if (used_bytes <= breach_bytes(s)) {
		return;
	}
	struct breach breach = {
		.metric = ceiling->metric,
		.action = ceiling->action,
		.trigger = BREACH_POLL,
		.limit_bytes = ceiling->limit_bytes,
		.charge_bytes = used_bytes,
		.allocation = load_relaxed(&s->passing.header->totals.allocations)
			- slot->allocations_before,
	};
	breach.action = action_of(&breach);
	happen(s, &breach);
}

void breach_continue(struct supervisor *s)
{
	if (s->is_stopped_by_us) {
		s->is_stopped_by_us = false;
		/* Without a limit, also in an image that is executed from here on. */
		s->passing.header->ceiling.metric = CEILING_NONE;
		tree_release(s->proc_root, &s->held);
	}
}

void breach_stop_self(const struct supervisor *s)
{
	if (s->is_stopped_by_us && tcgetpgrp(STDERR_FILENO) == getpgrp()) {
		signal_stop_self(SIGSTOP);
	}
}

struct breach breach_known(const struct supervisor *s)
{
	return s->breach.trigger != BREACH_NONE ? s->breach : posted_breach(s);
}
