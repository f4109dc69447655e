// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/scope_account.h"

#include "core/hook/hook.h"
#include "core/shm/account.h"

static struct totals *totals(void)
{
	return &hook.view.header->scope_totals;
}

static struct intent *intent(void)
{
	return &hook.view.slot->scope_intent;
}

bool scope_account_takes(uint32_t entry)
{
	return hook.scope_counts && entry && view_reach_shared(&hook.view, ARENA_SCOPE, entry);
}

void scope_account_add(uint32_t entry, uint64_t address, uint64_t bytes, int blocks)
{
	account_add(intent(), totals(), view_scope_entry(&hook.view, entry), entry, address, bytes,
		    blocks);
}

void scope_account_remove(uint32_t entry, uint64_t address, uint64_t bytes, int blocks)
{
	account_remove(intent(), totals(), view_scope_entry(&hook.view, entry), entry, address,
		       bytes, blocks);
}

void scope_account_restore(uint32_t entry, uint64_t address, uint64_t bytes)
{
	account_restore(intent(), totals(), view_scope_entry(&hook.view, entry), entry, address,
			bytes);
}

void scope_account_done(void)
{
	account_done(intent());
}

void scope_account_repair(void)
{
	uint32_t number = intent()->entry;
	if (number && number < hook.view.header->arena[ARENA_SCOPE].used) {
		account_repair(intent(), view_scope_entry(&hook.view, number), totals());
	}
	account_done(intent());
}

static void unmark_ranges(void)
{
	for (uint64_t k = 1; k < hook.view.slot->arena[ARENA_RANGE].used; k++) {
		view_range(&hook.view, (uint32_t)k)->flags &= ~RANGE_SCOPE;
	}
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		hook.view.slot->sparse[i].flags &= ~RANGE_SCOPE;
	}
}

void scope_account_clear(void)
{
	/* Of a scope that has left nothing no flag is left. */
	if (totals()->live_blocks) {
		live_unmark_scope(&hook.live, &hook.view);
		unmark_ranges();
	}
	for (uint64_t k = 1; k < hook.view.header->arena[ARENA_SCOPE].used; k++) {
		account_forget(view_scope_entry(&hook.view, (uint32_t)k));
	}
	account_begin_anew(totals());
}
