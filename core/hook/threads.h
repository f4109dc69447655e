// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What belongs to a thread of the workload. A thread is known from its first operation on. Its end
 * is not announced to us (destructors of others allocate after ours would have run, and a
 * pthread key is the workload's): when many threads have come since the last look, those that no
 * longer exist are swept, and what they had is used again.
 */
#ifndef CORE_HOOK_THREADS_H
#define CORE_HOOK_THREADS_H

#include "core/base/attributes.h"
#include "core/stack/native.h"
#include "core/stack/python.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_MAX 32

enum pending_operation { PENDING_ADD, PENDING_FREE, PENDING_MAP, PENDING_MAP_IDLE, PENDING_UNMAP };

/** An operation of a signal handler that interrupted the hook: recorded when the hook is left. */
struct pending {
	void *address;
	size_t bytes;
	uint8_t operation; /* enum pending_operation */
	uint8_t kind;      /* enum block_kind of PENDING_ADD */
};

struct thread {
	struct thread *next;
	uint32_t tid;
	/** Its thread pointer: what its pthread_self is made of. */
	uintptr_t pointer;
	/** The node that the thread's creator was at; 0: unknown. */
	uint32_t origin;
	/** The node of what it allocates without a Python stack; 0: not known yet. */
	uint32_t origin_node;
	/** Number of its struct thread_record; 0: none could be had. */
	uint32_t record;
	/** Its operations while no interpreter was known. */
	uint32_t looks;
	/** codes.generation that the cache was made under. */
	uint32_t code_generation;
	/** What ceiling_decide has granted the request that is under way (core/hook/promise.h). */
	uint64_t reserved;
	/**
	 * Far from a ceiling: bytes that the thread may still ask for without a look, as long as
	 * ceiling.grant_number is this. None yet: 0, which that never is.
	 */
	uint64_t grant_left;
	uint32_t grant_number;
	/** Which ledger it uses while they are open: its number and 1; 0: none yet. */
	uint32_t ledger;
	/** 1 while the thread reads frames of an interpreter that could be unloaded. */
	uint32_t reading;
	/** The frames of the last stack, and their nodes. */
	struct python_cache python;
	struct native_cache native;
	/** A ring: handlers put at the tail, whoever leaves the hook takes from the head. */
	uint32_t pending_head;
	uint32_t pending_tail;
	struct pending pending[PENDING_MAX];
};

/** Zeroed: none known. */
struct threads {
	struct thread *all;
	struct thread *free;
	uint32_t known;
	uint32_t since_sweep;
};

/** What a thread can reach without a search. Small: static thread-local storage is scarce. */
struct thread_local_state {
	struct thread *self;
	/** Depth of hook_enter. */
	uint32_t inside;
	/** 1 while the hook records for this thread, and the mark of that operation. */
	uint32_t recording;
	volatile uintptr_t *recording_at;
};

extern __thread struct thread_local_state thread_state;

/** What is allocated or mapped between these, in this thread, is an allocator's own. They nest. */
attr_inline void hook_enter(void)
{
	thread_state.inside++;
}

attr_inline void hook_leave(void)
{
	thread_state.inside--;
}

/** True between hook_enter and hook_leave in this thread. */
attr_inline bool hook_inside(void)
{
	return thread_state.inside != 0;
}

/**
 * The calling thread's struct, made at the first call; NULL if there is no memory. Takes the lock.
 */
struct thread *threads_self(void);

#endif
