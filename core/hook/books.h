// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The books: the run's account, and that of the open scope where it has one of its own
 * (scope_account.h). What is put on them or taken off is entered in both. record.c does the same
 * itself where it has to be quick.
 *
 * Under the lock. Each announces a change, which books_done ends.
 */
#ifndef CORE_HOOK_BOOKS_H
#define CORE_HOOK_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * As account_add, account_remove and account_restore (core/shm/account.h). is_scoped: what is
 * changed was flagged as the scope's, this one's or one's before it.
 */
void books_add(uint32_t entry, uint64_t address, uint64_t bytes, int blocks, bool is_scoped);
void books_remove(uint32_t entry, uint64_t address, uint64_t bytes, int blocks, bool is_scoped);
void books_restore(uint32_t entry, uint64_t address, uint64_t bytes, bool is_scoped);
void books_done(void);

/** Undo, in both, what was under way when the holder of the lock went. */
void books_repair(void);

#endif
