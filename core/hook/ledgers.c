// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/ledgers.h"

#include "core/hook/hook.h"
#include "core/shm/ledger.h"

/**
 * Waits after which they are opened: the first time, and later. They count for 64 allocations each:
 * where fewer wait, a common lock costs less than folding does.
 */
#define WAITS_FIRST 64u
#define WAITS_LEAST 8u
#define WAITS_MOST 1024u
#define ALLOCATIONS_PER_WAIT 64u
/** Fewer allocations in open ledgers were not worth closing them: it was a bad moment. */
#define FEW_ALLOCATIONS 64u
/** Less than most allocations take. */
#define CREDIT_MIN 64u

/** Give the thread a ledger. Under the slot's lock. */
static void assign(struct thread *self)
{
	struct ledgers *ledgers = &hook.ledgers;
	if (self->ledger || hook.view.slot_number != 0) {
		return;
	}
	self->ledger = ledgers->next + 1;
	ledgers->next = (ledgers->next + 1) % LEDGER_COUNT;
	if (ledgers->used < self->ledger) {
		ledgers->used = self->ledger;
	}
}

void ledgers_note_wait(struct thread *self)
{
	struct ledgers *ledgers = &hook.ledgers;
	uint64_t now = hook.view.header->totals.allocations;
	assign(self);
	if (ledgers->waits_wanted == 0) {
		ledgers->waits_wanted = WAITS_FIRST;
	}
	if (now - ledgers->waits_since > ledgers->waits_wanted * ALLOCATIONS_PER_WAIT) {
		ledgers->waits_since = now;
		ledgers->waits = 0;
	}
	if (++ledgers->waits >= ledgers->waits_wanted && ledgers->state == LEDGERS_CLOSED) {
		ledgers->state = LEDGERS_WANTED;
	}
}

attr_cold void ledgers_open(void)
{
	struct ledgers *ledgers = &hook.ledgers;
	const struct totals *totals = &hook.view.header->totals;
	if (ledgers->used < 2 || hook.gate->recording != RECORDING
	    || load_relaxed(&hook.ceiling.is_set)) {
		ledgers->state = LEDGERS_CLOSED;
		ledgers->waits = 0;
		return;
	}
	uint64_t credit = ledger_credit(totals, ledgers->used);
	if (credit < CREDIT_MIN) {
		return;
	}
	/* Before any ledger is: who has the slot's lock next is to see that it is not alone. */
	ledgers->state = LEDGERS_OPEN;
	for (uint32_t i = 0; i < ledgers->used; i++) {
		ledger_open(view_ledger(&hook.view, i), totals, credit);
	}
}

/** Undo what was under way in a ledger when the holder of its lock went. */
static attr_cold void repair(uint32_t number)
{
	struct ledger *ledger = view_ledger(&hook.view, number);
	uint32_t entry = ledger->intent.entry;
	if (ledger->intent.op != INTENT_NONE && entry && ledger_has(&hook.view, number, entry)) {
		account_repair(&ledger->intent, view_ledger_entry(&hook.view, number, entry),
			       &ledger->totals);
	}
	account_done(&ledger->intent);
}

static bool lock(uint32_t number, uint32_t tid)
{
	struct ledger *ledger = view_ledger(&hook.view, number);
	if (likely(lock_try(&ledger->lock, tid))) {
		return true;
	}
	switch (lock_wait(&ledger->lock, hook.pid, tid)) {
	case LOCK_TAKEN:
		return true;
	case LOCK_INHERITED:
		repair(number);
		return true;
	case LOCK_FAILED:
		break;
	}
	return false;
}

/** Learn from how many allocations they were open for. */
static void learn(struct ledgers *ledgers, uint64_t allocations)
{
	uint32_t wanted = ledgers->waits_wanted * 2;
	ledgers->waits_wanted = allocations >= FEW_ALLOCATIONS ? WAITS_LEAST
		: wanted > WAITS_MOST				 ? WAITS_MOST
								 : wanted;
	ledgers->waits = 0;
}

static void tidy(struct ledger_emptied *emptied)
{
	for (uint32_t i = 0; i < emptied->count; i++) {
		live_tidy_page(&hook.live, &hook.view, emptied->page[i]);
	}
	emptied->count = 0;
}

attr_cold bool ledgers_close(void)
{
	struct ledgers *ledgers = &hook.ledgers;
	struct thread *self = thread_state.self;
	const struct totals *totals = &hook.view.header->totals;
	uint64_t allocations_before = totals->allocations;
	uint32_t tid = self ? self->tid : (uint32_t)sys_gettid();
	for (uint32_t i = 0; i < ledgers->used; i++) {
		struct ledger *ledger = view_ledger(&hook.view, i);
		if (!lock(i, tid)) {
			/* Those before it are closed already, which does no harm. */
			hook_unlock();
			return false;
		}
		ledger_fold(ledger, i, &hook.view.slot->intent, &hook.view.header->totals);
		lock_release(&ledger->lock);
	}
	for (uint32_t i = 0; i < ledgers->used; i++) {
		tidy(&ledgers->emptied[i]);
	}
	ledgers->state = LEDGERS_CLOSED;
	learn(ledgers, totals->allocations - allocations_before);
	ledgers->waits_since = totals->allocations;
	if (self) {
		assign(self);
	}
	return true;
}

void ledgers_forget(void)
{
	for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
		view_clear_shared(&hook.view, ARENA_LEDGER + i);
	}
}

void ledgers_inherit(void)
{
	for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
		struct ledger *ledger = view_ledger(&hook.view, i);
		ledger->lock = 0;
		if (ledger->totals.live_bytes) {
			repair(i);
			ledger_fold(ledger, i, &hook.view.slot->intent,
				    &hook.view.header->totals);
		}
	}
}

struct ledger *ledgers_enter(struct thread *self)
{
	if (!self->ledger || !lock(self->ledger - 1, self->tid)) {
		return NULL;
	}
	struct ledger *ledger = view_ledger(&hook.view, self->ledger - 1);
	/* Pairs with the store in ledger_open, which is not under this lock. */
	if (unlikely(!load_acquire(&ledger->is_open))) {
		lock_release(&ledger->lock);
		return NULL;
	}
	return ledger;
}

attr_cold bool ledgers_are_stuck(void)
{
	bool is_stuck = false;
	for (uint32_t i = 0; i < hook.ledgers.used && hook.ledgers.state == LEDGERS_OPEN; i++) {
		is_stuck |= lock_is_stuck(&view_ledger(&hook.view, i)->lock);
	}
	return is_stuck;
}

attr_cold void ledgers_abandon(uint32_t tid)
{
	for (uint32_t i = 0; i < hook.ledgers.used; i++) {
		struct ledger *ledger = view_ledger(&hook.view, i);
		if ((load_relaxed(&ledger->lock) & LOCK_HOLDER) == tid) {
			repair(i);
			lock_release(&ledger->lock);
		}
	}
}
