// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The hook: our library inside the workload. A map of this folder:
 *
 *   start.c            the constructor: segment, slot, environment; what happens first
 *   next.c             finds the functions behind ours
 *   malloc.c           the malloc family         \
 *   operators.c        C++'s new and delete       |
 *   mapping.c          mmap and its relatives     |  what the workload calls: each calls the
 *   process.c          fork, exec, spawn          |  function behind it and records
 *   thread.c           pthread_create             |
 *   loader.c           dlclose                    |
 *   signal.c           SIGUSR2; old_signal.c     /
 *   wait.c             waiting for signals      /
 *   domains.c          CPython's object allocators, wrapped
 *   nesting.c          whether to record: the lock, operations inside operations
 *   record.c           from an operation to the segment
 *   record_beside.c    the same while threads keep ledgers of their own; ledgers.c: when they do
 *   record_mapping.c   the same for mappings; sparse.c: for those that are not meant to be filled
 *   ceiling.c          is there memory left under the ceiling; filter.c: giving up system calls
 *   fault.c            the same when memory is touched: the counter's SIGTRAP
 *   advised.c          where a fault may bring a huge page
 *   request.c          what the supervisor is asked
 *   stack.c            the current stack as a node: from frames to numbers
 *   frame.c            a frame as a node: by line, without the import system's; frame_memo.h
 *   native.c           frames of machine code as nodes
 *   mixed.c            Python's frames among those of machine code
 *   codes.c            code object -> number, and forgetting it
 *   others.c           where the other threads are when one crosses the ceiling
 *   threads.c          what belongs to a thread, and finding out that it is gone
 *   environment.c      our two variables; target.c: can the next image load us
 *   pool.c             private memory without malloc
 *   scope.c            recording a part of the run, when the program asks for it
 *   scope_account.c    the same in a run that is recorded as a whole
 *   books.c            both accounts together
 *   control.c          fil_control: the only thing others may call
 *   shim.c             memcpy and the like
 *
 * No libc, no lock but the slot's, no allocation but by mapping, no descriptor kept open. All state
 * is in one struct.
 */
#ifndef CORE_HOOK_HOOK_H
#define CORE_HOOK_HOOK_H

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/hook/advised.h"
#include "core/hook/ceiling.h"
#include "core/hook/codes.h"
#include "core/hook/domains.h"
#include "core/hook/fault.h"
#include "core/hook/frame_memo.h"
#include "core/hook/ledgers.h"
#include "core/hook/native.h"
#include "core/hook/next.h"
#include "core/hook/pool.h"
#include "core/hook/sparse.h"
#include "core/base/sys.h"
#include "core/hook/threads.h"
#include "core/shm/live.h"
#include "core/shm/lock.h"
#include "core/shm/ranges.h"
#include "core/shm/view.h"
#include "core/stack/python.h"

#include <stdbool.h>
#include <stdint.h>

/** How many operations of a thread go by between two looks for an interpreter. A power of two. */
#define LOOK_EVERY 1024u

enum recording {
	RECORDING_NOT = 0,
	RECORDING = 1,
	/**
	 * Another task may run beside us with our memory and our thread-local storage (clone with
	 * CLONE_VM alone): only the thread itself is recorded.
	 */
	RECORDING_SHARED = 2,
	/** Nothing is recorded until a scope is opened (scope.h). */
	RECORDING_OFF = 3,
	/** As RECORDING, and there is a scope with an account of its own (scope_account.h). */
	RECORDING_SCOPE = 4,
};

/**
 * A page of its own that the kernel zeroes in a forked child (MADV_WIPEONFORK): the child's way to
 * know.
 */
struct gate {
	/** enum recording; 0 in forked children. */
	uint32_t recording;
	/** 1 once a forked child has noticed what it is. */
	uint32_t child_noticed;
};

struct hook {
	/** NULL until the constructor has found a segment. */
	struct gate *gate;
	struct next_functions next;
	/** Its own number as the kernel told it when this image started. */
	uint32_t pid;
	uint32_t page_bytes;
	/** The library that serves malloc, if that is not the C library; else empty. */
	uintptr_t allocator_start;
	uintptr_t allocator_end;
	/** The loader, if native stacks are told and it is not the C library; else empty. */
	uintptr_t loader_start;
	uintptr_t loader_end;
	/** The effective user that could reach the segment. */
	long effective_user;

	struct segment_view view;
	struct live_table live;
	struct ledgers ledgers;
	struct range_index mappings;
	struct range_index large_blocks;
	struct sparse sparse;
	struct pool pool;
	struct threads threads;
	/** No thread: what others_publish reads the stacks of the others into. */
	struct thread reader;

	struct ceiling ceiling;
	struct faults faults;
	struct advised advised;
	struct python python;
	struct domains domains;
	struct codes codes;
	struct frames frames;
	struct native native;
	struct native_frames native_frames;
	/** Live bytes at the highest refused allocation that was told to the supervisor. */
	uint64_t highest_refusal;
	/** The interpreter was there when the program started: it cannot be unloaded. */
	bool python_is_resident;
	/** What gate.recording is while all is recorded, or becomes when a scope is opened. */
	uint32_t recording_when_on;
	/** The open scope has an account of its own. Changes under the lock. */
	bool scope_counts;
	/** The ceiling is the open scope's. */
	bool scope_has_ceiling;
	/** How many calls of dlclose are under way that may unload it: not to be read now. */
	uint32_t python_away;
	/** The last vfork child that called exec: it may try several paths. */
	uint32_t executing_child;
	/** A signal stack with SS_AUTODISARM was set: sigaltstack does not tell of it. */
	uint32_t disarms_stacks;
	/** 1 while a thread looks for an interpreter. */
	uint32_t looking;
	/**
	 * The node of allocations without a Python stack, and the code of "[thread started here]".
	 */
	uint32_t node_no_stack;
	uint32_t code_thread;

	/** For text on its way into the segment; under the lock. */
	char text[16384];

	/**
	 * What an exec in place must put into the new environment: the hook's path, the segment's.
	 */
	char preload[256];
	char segment[256];
};

extern struct hook hook;

/** The functions behind ours; found now if we are called before our constructor. */
attr_inline struct next_functions *next_ready(void)
{
	if (unlikely(!load_relaxed(&hook.next.malloc))) {
		next_find(&hook.next);
	}
	return &hook.next;
}

/** hook_lock when somebody else has it. */
bool hook_lock_slowly(uint32_t tid);

/**
 * The slot's lock for the calling thread, while others may record in ledgers: for the tables of
 * stacks and for room. False if it is not to be had now.
 */
attr_inline bool hook_lock_beside(void)
{
	uint32_t tid = likely(thread_state.self) ? thread_state.self->tid : (uint32_t)sys_gettid();
	return likely(lock_try(&hook.view.slot->lock, tid)) || hook_lock_slowly(tid);
}

/** The same with all ledgers closed: whoever has it is alone with all that is recorded. */
attr_inline bool hook_lock(void)
{
	return hook_lock_beside()
		&& (likely(hook.ledgers.state != LEDGERS_OPEN) || ledgers_close());
}

attr_inline void hook_unlock(void)
{
	lock_release(&hook.view.slot->lock);
}

/** Count something that could not be recorded. Any context. */
void hook_missed(enum missed what);

/** This process is a forked child: count it once. Called when gate->recording is 0. */
void hook_notice_child(void);

#endif
