// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/books.h"

#include "core/hook/hook.h"
#include "core/hook/scope_account.h"
#include "core/shm/ledger.h"

void books_add(uint32_t entry, uint64_t address, uint64_t bytes, int blocks, bool is_scoped)
{
	account_add(&hook.view.slot->intent, &hook.view.header->totals,
		    view_entry(&hook.view, entry), entry, address, bytes, blocks);
	if (hook.scope_counts && is_scoped) {
		scope_account_add(entry, address, bytes, blocks);
	}
}

void books_remove(uint32_t entry, uint64_t address, uint64_t bytes, int blocks, bool is_scoped)
{
	account_remove(&hook.view.slot->intent, &hook.view.header->totals,
		       view_entry(&hook.view, entry), entry, address, bytes, blocks);
	if (hook.scope_counts && is_scoped) {
		scope_account_remove(entry, address, bytes, blocks);
	}
}

void books_restore(uint32_t entry, uint64_t address, uint64_t bytes, bool is_scoped)
{
	account_restore(&hook.view.slot->intent, &hook.view.header->totals,
			view_entry(&hook.view, entry), entry, address, bytes);
	if (hook.scope_counts && is_scoped) {
		scope_account_restore(entry, address, bytes);
	}
}

void books_done(void)
{
	account_done(&hook.view.slot->intent);
	scope_account_done();
}

void books_repair(void)
{
	struct intent *intent = &hook.view.slot->intent;
	struct totals *totals = &hook.view.header->totals;
	uint32_t number = intent->entry;
	if (intent->op == INTENT_FOLD) {
		ledger_repair_fold(intent, view_ledger(&hook.view, number % LEDGER_COUNT), totals);
	} else if (intent->op != INTENT_NONE && number
		   && number < hook.view.header->arena[ARENA_ENTRY].used) {
		account_repair(intent, view_entry(&hook.view, number), totals);
	}
	account_done(intent);
	scope_account_repair();
}
