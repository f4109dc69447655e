// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Under CEILING_ENOMEM: memory that has been granted and is not there yet, so that it is not
 * granted again, to another thread or to the same one.
 *
 * A request reserves what it asks for, and gives that up when the block is on the books, or was
 * refused or failed: between these two, other threads see it as taken. One store each, so that a
 * handler which leaves by longjmp leaves no more than a reservation, which the thread's next
 * request replaces.
 *
 * A block that is on the books but was not touched is a promise. It counts as if it was touched
 * until it is, or until as much as the whole limit was granted meanwhile: then it is one of those
 * that programs never touch. (Not sooner: a thread that waits for a processor touches late, too.)
 */
#ifndef CORE_HOOK_PROMISE_H
#define CORE_HOOK_PROMISE_H

#include "core/base/attributes.h"

#include <stdint.h>

struct thread;

/** Zeroed: nothing has been granted. */
struct promises {
	/** All that was ever granted: the clock by which promises are forgotten. */
	uint64_t granted_bytes;
	/** What was touched and what was on the books at the last reading, if is_set. */
	uint64_t touched_then;
	uint64_t live_then;
	uint32_t is_set;
	/** What was promised then, and the least that was since some time of the clock. */
	uint64_t open_bytes;
	uint64_t least_bytes;
	uint64_t least_since;
};

/** Reserve bytes for the calling thread, in place of what an earlier request of it has left. */
void promise_reserve(struct thread *self, uint64_t bytes);

/** What the other threads have reserved. Under the lock. */
uint64_t promise_others(const struct thread *self);

/** The request is over: what was reserved for it is on the books, or has failed. */
void promise_settle(struct thread *self);

/**
 * What is promised on the books: more than at the last reading by what came onto them since, and
 * less by what was touched. By whoever reads (one thread at a time).
 *
 * @param touched_bytes  anonymous and shared memory that the process has.
 * @param live_bytes     what is on the books.
 */
uint64_t promise_open(uint64_t touched_bytes, uint64_t live_bytes);

#endif
