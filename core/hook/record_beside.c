// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/record_beside.h"

#include "core/hook/stack.h"
#include "core/shm/intern.h"
#include "core/shm/ledger.h"

struct place {
	uint32_t node;
	uint32_t entry; /* 0: there is no room for it */
};

/** Make room for the entry in the thread's ledger. */
static bool reach(uint32_t number, uint32_t entry)
{
	if (likely(ledger_has(&hook.view, number, entry))) {
		return true;
	}
	bool is_reached = hook_lock_beside();
	if (is_reached) {
		is_reached = ledger_reach(&hook.view, number, entry);
		hook_unlock();
	}
	return is_reached;
}

static attr_noinline struct place find_place_slowly(struct thread *self, struct stack_frames frames)
{
	struct place place = { 0, 0 };
	if (hook_lock_beside()) {
		place.node = stack_node(self, frames);
		place.entry = intern_entry(&hook.view, place.node);
		hook_unlock();
	}
	return place;
}

/** Where the thread is. */
attr_inline struct place find_place(struct thread *self, struct stack_frames frames)
{
	struct place place = { stack_known_node(self, frames), 0 };
	if (likely(place.node)) {
		place.entry = load_relaxed(&view_node(&hook.view, place.node)->entry);
	}
	return likely(place.entry) ? place : find_place_slowly(self, frames);
}

bool record_beside_add(struct thread *self, struct stack_frames frames, uintptr_t address,
		       uint64_t bytes)
{
	struct place place = find_place(self, frames);
	uint32_t entry = place.entry;
	uint32_t number = self->ledger - 1;
	if (bytes >= LIVE_SIZE_LARGE || !entry || entry > LIVE_ENTRY_MAX || !self->ledger
	    || !reach(number, entry)) {
		return false;
	}
	struct ledger *ledger = ledgers_enter(self);
	if (unlikely(!ledger)) {
		return false;
	}
	struct live_block block = { .entry = entry, .size = (uint32_t)bytes };
	bool is_added = !load_relaxed(&hook.view.header->totals.look_wanted)
		&& ledger_affords(ledger, bytes)
		&& live_insert_beside(&hook.live, &hook.view, address, block);
	if (likely(is_added)) {
		stack_publish(self, place.node,
			      load_relaxed(&hook.view.header->totals.allocations)
				      + ledger->totals.allocations);
		account_add(&ledger->intent, &ledger->totals,
			    view_ledger_entry(&hook.view, number, entry), entry, address, bytes, 1);
		account_done(&ledger->intent);
	}
	lock_release(&ledger->lock);
	return is_added;
}

/** True if its thread's ledger can hold what was erased. */
attr_inline bool may_erase(uint32_t number, struct live_block block)
{
	return block.size != LIVE_SIZE_LARGE && !block.flags
		&& ledger_has(&hook.view, number, block.entry)
		&& hook.ledgers.emptied[number].count < LEDGER_EMPTIED;
}

static void erase(struct ledger *ledger, uint32_t number, uintptr_t address,
		  struct live_place place, struct live_block block)
{
	account_remove(&ledger->intent, &ledger->totals,
		       view_ledger_entry(&hook.view, number, block.entry), block.entry, address,
		       block.size, 1);
	if (unlikely(live_erase_beside(place))) {
		struct ledger_emptied *emptied = &hook.ledgers.emptied[number];
		emptied->page[emptied->count] = place.page;
		/* Left in between, by a signal handler, the list is as before. */
		barrier_compiler();
		emptied->count++;
	}
	account_done(&ledger->intent);
}

bool record_beside_take(struct thread *self, uintptr_t address, struct record_block *taken)
{
	uint32_t number = self->ledger - 1;
	struct ledger *ledger = ledgers_enter(self);
	if (unlikely(!ledger)) {
		return false;
	}
	struct live_place place;
	struct live_block block = { 0, 0, 0 };
	bool is_known = live_seek(&hook.live, &hook.view, address, &place);
	if (likely(is_known)) {
		block = live_unpack(*place.word);
	}
	bool is_taken = !is_known || may_erase(number, block);
	if (likely(is_known && is_taken)) {
		erase(ledger, number, address, place, block);
	}
	lock_release(&ledger->lock);
	if (!is_known && unlikely(load_relaxed(&hook.codes.has_unflagged)) && hook_lock_beside()) {
		codes_forget_unflagged(&hook.codes, address);
		hook_unlock();
	}
	if (unlikely(!is_taken) && !block.flags && block.size != LIVE_SIZE_LARGE) {
		/* The next of this stack finds room. */
		reach(number, block.entry);
	}
	*taken = (struct record_block){ block.size, block.entry, block.flags };
	return is_taken;
}
