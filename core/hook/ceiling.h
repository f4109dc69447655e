// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The ceiling, seen from inside: before an allocation is made, is the workload still below it?
 * Without a ceiling this is one branch. Any thread; nothing is decided in signal handlers that
 * interrupted the hook, in forked children, nor inside allocators (but for memory that is touched).
 */
#ifndef CORE_HOOK_CEILING_H
#define CORE_HOOK_CEILING_H

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/base/breach.h"
#include "core/hook/promise.h"
#include "core/hook/threads.h"
#include "core/shm/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ceiling {
	/** There is something to decide: a ceiling, or an allocation that is to fail. */
	uint32_t is_set;
	uint32_t metric; /* enum ceiling_metric */
	uint32_t action; /* enum ceiling_action */
	uint64_t limit_bytes;
	uint64_t fail_at;

	/**
	 * Bytes asked for since the start of the image, or granted to threads to ask for, and when
	 * the next reading is due. Grants hold until this number changes: until the next reading.
	 */
	uint32_t grant_number;
	uint64_t asked_total;
	uint64_t next_reading;
	/** Before so much has been asked for, the charge cannot be above the ceiling. */
	uint64_t safe_until;
	/** A request was refused since the charge was last clearly below the ceiling. */
	uint32_t is_crossed;
	/** A breach has been noted in the slot: the first is what counts. */
	uint32_t is_noted;
	/** 1 while a thread waits for what comes of its breach: those that touch wait, too. */
	uint32_t is_breached;
	/** CEILING_ALLOCATED: by how much blocks on the books are larger than was asked for. */
	uint64_t padding_bytes;
	/** CEILING_ENOMEM: what has been granted. */
	struct promises promises;
	/** The thread that reads into text: one at a time; 0: none. Its mark (nesting.h). */
	uint32_t reader;
	volatile uintptr_t *reader_mark;
	/** How much may be touched until the charge is read again, and what was resident then. */
	uint64_t fault_gap;
	uint64_t anonymous_then;
	uint64_t shared_then;
	uint32_t threads;
	/** /proc cannot be read, or must not be: the supervisor decides alone. */
	uint32_t is_blind;
	char text[2048];
};

/** Take the ceiling over from the segment, if it has one. From the constructor. */
void ceiling_start(const struct segment_ceiling *set);

/**
 * Is a request of bytes to be refused, as by a kernel without memory? replaced bytes are given back
 * by it (a realloc, whose old block is on the books still). Where the breach leads to more than a
 * refusal, this returns only if the workload goes on. Before the allocation, not inside an
 * operation (nesting.h). If not, ceiling_settle has to follow.
 */
bool ceiling_decide(size_t bytes, size_t replaced);

/**
 * The request that was let through is over: a block of made_bytes is on the books now (0: none, or
 * a mapping), and one of gone_bytes is not any more (0: none).
 */
void ceiling_settle(size_t made_bytes, size_t gone_bytes);

/**
 * Is a request that grows by so much within what this thread may ask for without a look? Only far
 * from the ceiling there is such a grant.
 */
attr_inline bool ceiling_is_far(const struct ceiling *ceiling, size_t growth)
{
	struct thread *self = thread_state.self;
	if (unlikely(!self) || thread_state.inside
	    || self->grant_number != load_relaxed(&ceiling->grant_number)
	    || unlikely(growth > self->grant_left)) {
		return false;
	}
	self->grant_left -= growth;
	return true;
}

/**
 * The value of request, which makes one of bytes and records it, if the ceiling lets it through;
 * else that of refusal. is_made: has it made a block? It may look at passed_, the value. Without a
 * ceiling this is one branch, and only request is evaluated.
 */
#define ceiling_pass(bytes, replaced, request, refusal, is_made)                        \
	({                                                                              \
		__typeof__(request) passed_;                                            \
		if (likely(!hook.ceiling.is_set)) {                                     \
			passed_ = (request);                                            \
		} else {                                                                \
			size_t replaced_ = (replaced);                                  \
			size_t growth_ = (bytes) > replaced_ ? (bytes) - replaced_ : 0; \
			if (likely(ceiling_is_far(&hook.ceiling, growth_))) {           \
				passed_ = (request);                                    \
			} else if (ceiling_decide((bytes), replaced_)) {                \
				passed_ = (refusal);                                    \
			} else {                                                        \
				passed_ = (request);                                    \
				ceiling_settle((is_made) ? (bytes) : 0,                 \
					       (is_made) || (bytes) == 0 ? replaced_    \
									  : 0);         \
			}                                                               \
		}                                                                       \
		passed_;                                                                \
	})

/** Does anything here depend on the size of a block that is given back? Called only if is_set. */
bool ceiling_wants_frees(void);

/** A block of bytes is given back (0: none that is on the books). Called only if is_set. */
void ceiling_forget_block(size_t bytes);

/**
 * A block or mapping of bytes is about to be given back: if the workload was above the ceiling with
 * it, this is the last moment to see that. Not inside an operation. Called only if is_set.
 */
void ceiling_look_before_free(size_t bytes);

/**
 * The kernel has refused bytes: under a ceiling of address space that is the breach, and true, if
 * it leads to more than that refusal. Inside an operation of this thread, outside of the lock.
 */
bool ceiling_kernel_refused(uint32_t node, size_t bytes);

/**
 * Memory is touched, and the counter has stopped this thread. In its signal handler: does nothing
 * where that interrupted the hook.
 */
void ceiling_look_at_fault(void);

/** The step (oomsim/ceiling.h) at which faults are to be counted, as of the last reading. */
uint32_t ceiling_step_now(void);

/** From now on a system call could be punished: leave readings to the supervisor. */
void ceiling_go_blind(void);

#endif
