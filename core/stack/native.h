// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The machine-code part of the calling thread's stack, by the unwind tables of the objects that are
 * loaded: no frame pointers needed, no call into the loader that takes its lock.
 *
 * Most of the time the stack is as the last walk left it, but for a few innermost frames. What a
 * frame's caller is depends on its instruction, its stack pointer, the words on the stack that its
 * unwind rule names, and on the frame pointer if a rule uses it: on nothing else. So a walk that
 * comes to a frame that the last one has met with the same instruction, stack pointer and (if it
 * matters) frame pointer needs only compare those words with what they were; as long as they are
 * the same, the callers are. That is exact, whatever ran in between.
 *
 *     cache, index 0 outermost                                arrays, capacity long
 *   [ _start | main | f |              free                  | g | malloc | add ]
 *        verified         <---- limit               fresh ---->
 *
 * The calling thread only, any context in which it could have called malloc. No allocation (a cache
 * maps its memory), no locks, no libc, no descriptors.
 */
#ifndef CORE_STACK_NATIVE_H
#define CORE_STACK_NATIVE_H

#include "core/stack/native_maps.h"
#include "core/stack/native_memory.h"
#include "core/stack/native_objects.h"
#include "core/stack/native_rules.h"

#include <stdbool.h>
#include <stdint.h>

/** Of a deeper stack only as many of its innermost frames are known. */
#define NATIVE_FRAMES_MAX ((uint32_t)1 << 16)

/** Addresses [start, end). */
struct native_range {
	uintptr_t start;
	uintptr_t end;
};

/** One per process. Zeroed: nothing is known of the loader. */
struct native {
	struct native_objects objects;
	struct native_rules rules;
	/** Objects of which there are rules, or more that is remembered of this generation. */
	struct native_maps maps;
	/** Calls under way that may unload an object: nothing that was known is relied on. */
	uint32_t closing;
	/** Code of a class of its own; changed only together with native_forget. */
	struct native_range hook;
	struct native_range python;
	/** The interpreter's loop, 0 if it is not known. */
	uintptr_t eval;
	/** Only the innermost frame that is not the hook's is asked for. */
	bool caller_only;
};

/** Bits of native_frame.flags. */
enum {
	/** The address is that of the next instruction: a signal came in between. */
	NATIVE_FRAME_EXACT = 0x1,
	/** The rule starts from the frame pointer. */
	NATIVE_FRAME_FROM_FP = 0x2,
	/** What is further out depends on the frame pointer in this frame. */
	NATIVE_FRAME_NEEDS_FP = 0x4,
	/** The walk ends here, whatever the stack holds. */
	NATIVE_FRAME_LAST = 0x8,
	/**
	 * What its caller depends on, the word at ra_slot and, with NATIVE_FRAME_QUICK_FP, that at
	 * fp_slot, lies in the thread's own stack: it can be read as long as the frame is there.
	 */
	NATIVE_FRAME_QUICK = 0x10,
	NATIVE_FRAME_QUICK_FP = 0x20,
	/** That is because no table describes the code: the callers are not known. */
	NATIVE_FRAME_NO_TABLE = 0x40
};

struct native_frame {
	uintptr_t sp;
	uintptr_t pc;
	uintptr_t fp;
	/** Where the caller's pc is on the stack; 0: it was found in another way. */
	uintptr_t ra_slot;
	/** Where the caller's fp is; 0: it has not changed. */
	uintptr_t fp_slot;
	/** What the caller of native_walk made of this frame; kept while noded covers it. */
	uint32_t node;
	/** For it, too: which Python positions the frame runs, [first, end). */
	uint32_t python_first;
	uint32_t python_end;
	uint8_t flags;
	uint8_t class; /* enum native_class */
	/** For it, too: this frame runs Python, or one outside of it does. */
	bool is_within;
};

/** The stack of one thread as of its last walk. Zeroed: empty. Memory belongs to the cache. */
struct native_cache {
	struct native_frame *frame;
	uint32_t capacity;
	uint32_t depth;
	/**
	 * How many outermost positions have their node: the caller sets it to depth; a walk lowers
	 * it to the first that has changed.
	 */
	uint32_t noded;
	uint32_t generation;
	/** 1 while the thread reads what dlclose may take away. */
	uint32_t reading;
	/** For the caller: which position it took for the innermost call of the interpreter. */
	uint32_t innermost_call;
	/** For it, too: nodes are of stacks with Python's frames in them. */
	bool is_mixed;
	/** The frames are not those of rules, or not for certain: not to be relied on. */
	bool is_passing;
	/** The outermost frames are missing. */
	bool cut;
	/** The thread's own stack, core/stack/native_memory.h. */
	struct native_span stack;
};

/**
 * Bring a cache up to date with the calling function's stack. Then cache->depth positions are in
 * use, of which the outermost cache->noded are as they were.
 *
 * @param frame  native_frame_here() in a function that has not returned: the innermost frame is its
 *               caller's. NULL: the innermost ones are ours. (They may be in any case, where rules
 *               do not suffice.)
 */
void native_walk(struct native *native, struct native_cache *cache, const uintptr_t *frame);

/** Before and after a call that may unload an object. Between them no thread relies on rules. */
void native_close_begins(struct native *native);
void native_close_ends(struct native *native);

/**
 * The loader frees a block: forget all if it is the record of an object of which something is
 * remembered. So it is for objects that the C library closes by itself, as those that it has loaded
 * for iconv. The object is unmapped by then, and no other is mapped before we return.
 */
void native_loader_frees(struct native *native, const void *block);

/** Something about code has changed: its class, or what is loaded. */
static inline void native_forget(struct native *native)
{
	rules_forget(&native->rules);
}

/** Forget the stack: the next walk finds every position changed. */
void native_cache_reset(struct native_cache *cache);

#endif
