// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/books.h"

#include "core/hook/hook.h"
#include "core/hook/scope_account.h"
#include "core/shm/account.h"

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
