// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The second account: of the open scope, in a run that is recorded as a whole (scope.h). What is
 * allocated in it is entered here, too, and its block or range is flagged; of blocks without the
 * flag, which were there before, it never hears.
 *
 * Under the lock, each right after the same in the run's account (core/shm/account.h). Nothing of
 * this is on the way of an operation while no scope is open.
 */
#ifndef CORE_HOOK_SCOPE_ACCOUNT_H
#define CORE_HOOK_SCOPE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/** True if what the entry allocates now belongs into the account; it has room for it then. */
bool scope_account_takes(uint32_t entry);

/** As account_add, account_remove and account_restore. Ended by scope_account_done. */
void scope_account_add(uint32_t entry, uint64_t address, uint64_t bytes, int blocks);
void scope_account_remove(uint32_t entry, uint64_t address, uint64_t bytes, int blocks);
void scope_account_restore(uint32_t entry, uint64_t address, uint64_t bytes);
void scope_account_done(void);

/** Undo what was under way when the holder of the lock went. */
void scope_account_repair(void);

/** Begin anew: with nothing, and without a flag on any block or range. */
void scope_account_clear(void);

#endif
