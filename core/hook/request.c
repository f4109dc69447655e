// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/request.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/hook/hook.h"
#include "core/shm/ledger.h"

#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu
#define WAIT_STEP_NS 50000000
#define WAIT_STEPS 40
#define BREACH_STEPS 1200
#define SCOPE_STEPS 4
#define REFUSALS_ALWAYS_TOLD 8
/** By how much more must be live than at the highest refusal told, besides a sixteenth of it. */
#define HIGHER_BYTES_MIN (1u << 20)

/** The kernel marks the supervisor's futex when it dies. */
static bool supervisor_lives(void)
{
	uint32_t word = load_acquire(&hook.view.header->supervisor_tid);
	return !(word & FUTEX_OWNER_DIED) && (word & FUTEX_TID_MASK);
}

/** Post a request if none is under way. False if one is, or nobody would answer. */
static bool post(enum request_kind kind, uint32_t node, uint64_t bytes)
{
	struct request *request = &hook.view.slot->request;
	uint32_t none = REQUEST_NONE;
	if (!supervisor_lives() || !cas_acq_rel(&request->kind, &none, (uint32_t)REQUEST_CLAIMED)) {
		return false;
	}
	request->tid = (uint32_t)sys_gettid();
	request->node = node;
	request->bytes = bytes;
	request->serial++;
	/* Pairs with the supervisor's acquire load of kind after the doorbell. */
	store_release(&request->kind, (uint32_t)kind);
	add_relaxed(&hook.view.header->doorbell, 1);
	sys_futex_wake(&hook.view.header->doorbell, 1);
	return true;
}

/** Wait until a request of ours is answered, for so many steps; false if it is not. */
static bool wait_for_answer(enum request_kind posted, int steps)
{
	uint32_t *kind = &hook.view.slot->request.kind;
	for (int i = 0; i < steps && supervisor_lives(); i++) {
		/* Pairs with the supervisor's release store of REQUEST_NONE. */
		if (load_acquire(kind) != (uint32_t)posted) {
			return true;
		}
		struct sys_timespec wait = { 0, WAIT_STEP_NS };
		sys_futex_wait(kind, posted, &wait);
	}
	return false;
}

void request_snapshot(void)
{
	post(REQUEST_SNAPSHOT, 0, 0);
}

void request_failed_allocation(uint32_t node, uint64_t bytes)
{
	const struct slot *slot = hook.view.slot;
	uint64_t live = ledger_sum(hook.view.header).live_bytes;
	uint64_t highest = load_relaxed(&hook.highest_refusal);
	bool is_higher = live > highest + highest / 16 + HIGHER_BYTES_MIN;
	if (slot->failed_count > REFUSALS_ALWAYS_TOLD && !is_higher) {
		return;
	}
	if (is_higher) {
		store_relaxed(&hook.highest_refusal, live);
	}
	if (post(REQUEST_FAILED_ALLOCATION, node, bytes)) {
		wait_for_answer(REQUEST_FAILED_ALLOCATION, WAIT_STEPS);
	}
}

/**
 * Post a request once no other is under way, another thread's perhaps, within so many steps. False:
 * nobody answers.
 */
static bool post_in_turn(enum request_kind kind, uint64_t bytes, int steps)
{
	uint32_t *current = &hook.view.slot->request.kind;
	for (int i = 0; i < steps && supervisor_lives(); i++) {
		if (post(kind, 0, bytes)) {
			return true;
		}
		struct sys_timespec wait = { 0, WAIT_STEP_NS };
		uint32_t seen = load_relaxed(current);
		if (seen != REQUEST_NONE) {
			sys_futex_wait(current, seen, &wait);
		}
	}
	return false;
}

bool request_faults(uint32_t step, bool is_patient)
{
	bool is_posted = is_patient ? post_in_turn(REQUEST_FAULTS, step, WAIT_STEPS)
				    : post(REQUEST_FAULTS, 0, step);
	/* Not posted: then for the other thread's, so that this one does not touch more. */
	return wait_for_answer(REQUEST_FAULTS, WAIT_STEPS) && is_posted;
}

void request_await_breach(uint32_t *is_under_way)
{
	for (int i = 0; i < BREACH_STEPS && supervisor_lives() && load_acquire(is_under_way); i++) {
		struct sys_timespec wait = { 0, WAIT_STEP_NS };
		sys_futex_wait(is_under_way, 1, &wait);
	}
}

void request_breach(void)
{
	/* Not given up for another thread's, during which a capture may be written. */
	if (post_in_turn(REQUEST_BREACH, 0, BREACH_STEPS)) {
		wait_for_answer(REQUEST_BREACH, BREACH_STEPS);
	}
}

bool request_scope_report(void)
{
	return post_in_turn(REQUEST_SCOPE, 0, WAIT_STEPS);
}

enum request_answer request_await_scope(uint32_t *done, uint32_t wanted)
{
	for (int i = 0; i < SCOPE_STEPS; i++) {
		/* Pairs with the supervisor's release store after its result. */
		uint32_t seen = load_acquire(done);
		if (seen == wanted) {
			return REQUEST_ANSWERED;
		}
		if (!supervisor_lives()) {
			return REQUEST_NOBODY;
		}
		struct sys_timespec wait = { 0, WAIT_STEP_NS };
		sys_futex_wait(done, seen, &wait);
	}
	return load_acquire(done) == wanted ? REQUEST_ANSWERED : REQUEST_NOT_YET;
}

uint32_t request_supervisor(void)
{
	uint32_t word = load_acquire(&hook.view.header->supervisor_tid);
	return word & FUTEX_OWNER_DIED ? 0 : word & FUTEX_TID_MASK;
}
