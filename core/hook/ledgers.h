// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * When threads record in ledgers of their own (struct ledger in core/shm/segment.h): once several
 * have waited for the slot's lock again and again, and as long as the peak is far enough away.
 * Whatever else is done with the segment closes the ledgers first (hook_lock). Never under a
 * ceiling, which has to know what all hold together, nor beside the account of a scope.
 */
#ifndef CORE_HOOK_LEDGERS_H
#define CORE_HOOK_LEDGERS_H

#include "core/base/attributes.h"
#include "core/shm/segment.h"

#include <stdbool.h>
#include <stdint.h>

/** Pages whose last block a ledger's threads have erased: looked at when there are so many. */
#define LEDGER_EMPTIED 64u

enum ledgers_state {
	LEDGERS_CLOSED = 0,
	/** They are to be opened at the end of the next operation. */
	LEDGERS_WANTED,
	LEDGERS_OPEN,
};

struct ledger_emptied {
	uint32_t count;
	/** Their words in the live table. */
	uint64_t *page[LEDGER_EMPTIED];
};

/** Zeroed: closed, and no thread has one. All but emptied is under the slot's lock. */
struct ledgers {
	uint32_t state; /* enum ledgers_state; read without the lock, too */
	/** Ledgers that threads have, and whose turn it is to get the next thread. */
	uint32_t used;
	uint32_t next;
	/** How often a thread has waited for the slot's lock since that many allocations. */
	uint32_t waits;
	uint64_t waits_since;
	/** How often it takes until they are opened: more where that was of little use. */
	uint32_t waits_wanted;
	/** Each under the lock of its ledger. */
	struct ledger_emptied emptied[LEDGER_COUNT];
};

struct thread;

/** The calling thread has waited for the slot's lock, which it has now. */
void ledgers_note_wait(struct thread *self);

/** Open them if they can be. Under the slot's lock, at the end of an operation. */
void ledgers_open(void);

/**
 * Close them, under the slot's lock. False, and the lock is released, if one of them is not to be
 * had.
 */
bool ledgers_close(void);

/** Lock the calling thread's ledger. NULL if it has none, or if that is closed or not to be had. */
struct ledger *ledgers_enter(struct thread *self);

/** Forget what their accounts have. They are closed. */
void ledgers_forget(void);

/** Close those of an earlier image of this process, whose threads are gone. */
void ledgers_inherit(void);

/** True if nobody is to wait for one of them now. */
bool ledgers_are_stuck(void);

/** The calling thread has left an operation in the middle: undo it, and let go of its ledgers. */
void ledgers_abandon(uint32_t tid);

#endif
