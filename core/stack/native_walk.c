// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/base/sys.h"
#include "core/stack/native_step.h"

#include <string.h>

/** As many as fit into a page. */
#define FIRST_CAPACITY 64u
#define NOT_FOUND UINT32_MAX

/** One walk under way. */
struct walk {
	struct native *native;
	struct native_cache *cache;
	struct native_span span;
	/** Cached positions [0, limit) may still be met. */
	uint32_t limit;
	/** Fresh frames lie in [fresh, capacity). */
	uint32_t fresh;
};

void native_cache_reset(struct native_cache *cache)
{
	cache->depth = 0;
	cache->noded = 0;
	cache->cut = false;
}

void native_close_begins(struct native *native)
{
	add_relaxed(&native->closing, 1);
	/* Pairs with the fence of begin_reading, and with the load in begin. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void native_close_ends(struct native *native)
{
	rules_forget(&native->rules);
	/* Pairs with the acquire load in begin: who sees no closing sees the new generation. */
	__atomic_fetch_sub(&native->closing, 1, __ATOMIC_RELEASE);
}

void native_loader_frees(struct native *native, const void *block)
{
	if (native_maps_have(&native->maps, block)) {
		/* In this order: what is added for the new generation stays. */
		native_maps_clear(&native->maps);
		rules_forget(&native->rules);
	}
}

/** Double the cache of a walk that has filled it. */
static attr_noinline bool walk_grow(struct walk *walk)
{
	struct native_cache *cache = walk->cache;
	uint32_t capacity = cache->capacity != 0 ? cache->capacity * 2 : FIRST_CAPACITY;
	struct native_frame *frames = capacity <= NATIVE_FRAMES_MAX
		? sys_map_private(capacity * sizeof(*frames))
		: NULL;
	if (frames == NULL) {
		return false;
	}
	uint32_t count = cache->capacity - walk->fresh;
	if (cache->capacity != 0) {
		memcpy(frames, cache->frame, walk->limit * sizeof(*frames));
		memcpy(frames + capacity - count, cache->frame + walk->fresh,
		       count * sizeof(*frames));
	}
	struct native_frame *old = cache->frame;
	uint32_t old_capacity = cache->capacity;
	/* In this order: a handler may leave us by longjmp anywhere. */
	cache->frame = frames;
	barrier_compiler();
	cache->capacity = capacity;
	barrier_compiler();
	if (old != NULL) {
		sys_munmap(old, old_capacity * sizeof(*frames));
	}
	walk->fresh = capacity - count;
	return true;
}

/** Room for one more fresh frame: grown, or else taken from what the cache had. */
attr_inline bool make_room(struct walk *walk)
{
	if (likely(walk->fresh > walk->limit) || walk_grow(walk)) {
		return true;
	}
	walk->limit = 0;
	return walk->fresh > 0;
}

/** True if a cached frame is the one that a walk has come to. */
attr_inline bool is_at(const struct native_frame *frame, const struct native_state *state)
{
	return frame->sp == state->sp && frame->pc == state->pc
		&& (frame->flags & NATIVE_FRAME_EXACT) == (state->is_exact ? NATIVE_FRAME_EXACT : 0)
		&& (!(frame->flags & NATIVE_FRAME_NEEDS_FP) || frame->fp == state->fp);
}

/** Cached position below limit at which the walk is now, or NOT_FOUND. */
attr_inline uint32_t find(struct walk *walk, const struct native_state *state)
{
	const struct native_frame *frames = walk->cache->frame;
	while (walk->limit > 0 && frames[walk->limit - 1].sp < state->sp) {
		walk->limit--;
	}
	return walk->limit != 0 && is_at(&frames[walk->limit - 1], state) ? walk->limit - 1
									  : NOT_FOUND;
}

/** True if the caller of a frame, of which that is the cached one, is as cached. */
attr_inline bool caller_is(struct walk *walk, const struct native_frame *frame,
			   const struct native_frame *caller)
{
	uintptr_t word;
	if (frame->ra_slot == 0 || !native_read(&walk->span, frame->ra_slot, &word)
	    || native_strip(word) != caller->pc) {
		return false;
	}
	/* If the caller needs it and the frame has not saved it, the frame needs it too. */
	return !(caller->flags & NATIVE_FRAME_NEEDS_FP) || frame->fp_slot == 0
		|| (native_read(&walk->span, frame->fp_slot, &word) && word == caller->fp);
}

/** The same by the words that can be read without a look at where they are; false: perhaps. */
attr_inline bool caller_is_surely(const struct native_frame *frame,
				  const struct native_frame *caller)
{
	return (frame->flags & NATIVE_FRAME_QUICK)
		&& likely(*(const uintptr_t *)frame->ra_slot == caller->pc)
		&& (likely(!(frame->flags & NATIVE_FRAME_QUICK_FP))
		    || *(const uintptr_t *)frame->fp_slot == caller->fp);
}

/** The outermost position of those up to at that are as cached, each for certain. */
attr_inline uint32_t verify(struct walk *walk, uint32_t at)
{
	const struct native_frame *frame = &walk->cache->frame[at];
	while (at > 0 && (likely(caller_is_surely(frame, frame - 1))
			  || caller_is(walk, frame, frame - 1))) {
		frame--;
		at--;
	}
	return at;
}

/** The outermost frame has no caller yet. */
static bool still_last(struct walk *walk, const struct native_frame *frame)
{
	uintptr_t word = 0;
	return (frame->flags & NATIVE_FRAME_LAST) || walk->cache->cut
		|| (frame->ra_slot != 0 && native_read(&walk->span, frame->ra_slot, &word)
		    && native_strip(word) == 0);
}

/**
 * Positions [first, last] were verified, but the caller of the first is another than the cached
 * one. Their frame pointers, which need not have been compared, are brought up to date on the way.
 */
static uintptr_t cut_loose(struct walk *walk, uint32_t first, uint32_t last, uintptr_t fp)
{
	struct native_cache *cache = walk->cache;
	uint32_t count = last + 1 - first;
	for (uint32_t i = last;; i--) {
		cache->frame[i].fp = fp;
		if (i == first) {
			break;
		}
		if (cache->frame[i].fp_slot != 0) {
			native_read(&walk->span, cache->frame[i].fp_slot, &fp);
		}
	}
	memmove(cache->frame + walk->fresh - count, cache->frame + first,
		count * sizeof(*cache->frame));
	walk->fresh -= count;
	walk->limit = first;
	return fp;
}

/** Go on from position first, whose caller has changed; positions up to last are as they were. */
static struct native_frame *resume(struct walk *walk, uint32_t first, uint32_t last,
				   struct native_state *state)
{
	uintptr_t fp = cut_loose(walk, first, last, state->fp);
	struct native_frame *frame = &walk->cache->frame[walk->fresh];
	*state = (struct native_state){ frame->sp, frame->pc, fp,
					frame->flags & NATIVE_FRAME_EXACT };
	frame->ra_slot = 0;
	frame->fp_slot = 0;
	frame->flags &= NATIVE_FRAME_EXACT;
	return frame;
}

/** A word of a frame that lies in the thread's own stack: not below the frame, nor above all. */
static bool is_own(const struct native_cache *cache, const struct native_frame *frame,
		   uintptr_t address)
{
	return frame->sp >= cache->stack.low && address >= frame->sp
		&& address < cache->stack.high && address % sizeof(uintptr_t) == 0;
}

/** How a frame's caller is verified. */
static unsigned quick_flags(const struct native_cache *cache, const struct native_frame *frame,
			    bool caller_needs)
{
	bool with_fp = caller_needs && frame->fp_slot != 0;
	if (!is_own(cache, frame, frame->ra_slot)
	    || (with_fp && !is_own(cache, frame, frame->fp_slot))) {
		return 0;
	}
	return NATIVE_FRAME_QUICK | (with_fp ? NATIVE_FRAME_QUICK_FP : 0);
}

/** What of a frame the frames inside it depend on: whether the frame pointer matters. */
static void mark_needs(struct native_cache *cache, uint32_t base, uint32_t end)
{
	for (uint32_t i = base; i < end; i++) {
		struct native_frame *frame = &cache->frame[i];
		bool caller_needs =
			i > 0 && (cache->frame[i - 1].flags & NATIVE_FRAME_NEEDS_FP) != 0;
		bool needs = (frame->flags & NATIVE_FRAME_FROM_FP)
			|| (caller_needs && frame->fp_slot == 0);
		unsigned kept = NATIVE_FRAME_EXACT | NATIVE_FRAME_FROM_FP | NATIVE_FRAME_LAST
			| NATIVE_FRAME_NO_TABLE;
		frame->flags = (uint8_t)((frame->flags & kept)
					 | (needs ? NATIVE_FRAME_NEEDS_FP : 0)
					 | quick_flags(cache, frame, caller_needs));
	}
}

/** End the walk: the fresh frames stand above base positions that are as before. */
static void finish(struct walk *walk, uint32_t base)
{
	struct native_cache *cache = walk->cache;
	uint32_t count = cache->capacity - walk->fresh;
	if (cache->noded > base) {
		cache->noded = base;
	}
	if (count != 0) {
		memmove(cache->frame + base, cache->frame + walk->fresh,
			count * sizeof(*cache->frame));
		mark_needs(cache, base, base + count);
	}
	barrier_compiler();
	cache->depth = base + count;
}

/** Store the frame that the walk has come to; NULL if there is no room. */
attr_inline struct native_frame *store(struct walk *walk, const struct native_state *state)
{
	if (!make_room(walk)) {
		return NULL;
	}
	struct native_frame *frame = &walk->cache->frame[--walk->fresh];
	*frame = (struct native_frame){ .sp = state->sp, .pc = state->pc, .fp = state->fp };
	frame->flags = state->is_exact ? NATIVE_FRAME_EXACT : 0;
	return frame;
}

/** From scratch, with all registers: some frame's table asks for more than rules can say. */
static attr_cold void walk_fully(struct walk *walk, struct native_registers *registers)
{
	struct native_cache *cache = walk->cache;
	bool is_exact = true;
	native_cache_reset(cache);
	walk->limit = 0;
	walk->fresh = cache->capacity;
	do {
		struct native_state state = { registers->value[NATIVE_SP],
					      registers->value[NATIVE_RA],
					      registers->value[NATIVE_FP], is_exact };
		if (is_exact) {
			walk->span = native_span_of(state.sp, &cache->stack);
		}
		struct native_frame *frame = store(walk, &state);
		if (frame == NULL) {
			cache->cut = true;
			break;
		}
		native_rule rule = native_rule_of(walk->native, cache, &state);
		frame->class = (uint8_t)rule_class(rule);
		frame->flags |= rule_kind(rule) == RULE_NO_TABLE ? NATIVE_FRAME_NO_TABLE : 0;
	} while (native_step_fully(walk->native, cache, &walk->span, registers, &is_exact));
	cache->is_passing = true;
	finish(walk, 0);
}

/** Whether the frames of the last walk, and rules, are to be relied on. */
static void begin(struct native *native, struct native_cache *cache)
{
	/* Pairs with native_close_ends. The number is read behind it. */
	bool is_closing = load_acquire(&native->closing) != 0;
	uint32_t generation = load_acquire(&native->rules.generation);
	if (unlikely(is_closing || cache->is_passing || generation != cache->generation)) {
		cache->generation = generation;
		cache->is_passing = is_closing;
		native_cache_reset(cache);
	}
}

/** Go to the caller of the frame that was stored last. */
attr_inline enum native_step step(struct walk *walk, struct native_state *state,
				  struct native_frame *frame)
{
	native_rule rule = native_rule_of(walk->native, walk->cache, state);
	frame->class = (uint8_t)rule_class(rule);
	if (walk->native->caller_only && frame->class != CLASS_HOOK) {
		frame->flags |= NATIVE_FRAME_LAST;
		return STEP_LAST;
	}
	enum native_step result = native_step_by_rule(&walk->span, rule, state, frame);
	if (unlikely(rule_kind(rule) == RULE_SIGNAL) && result == STEP_DONE) {
		/* The handler may have had a stack of its own. */
		walk->span = native_span_of(state->sp, &walk->cache->stack);
	}
	return result;
}

/** By rules, as far as they go. False if they do not suffice. */
static attr_noinline bool walk_by_rules(struct walk *walk, struct native_state state)
{
	struct native_cache *cache = walk->cache;
	for (;;) {
		struct native_frame *frame;
		uint32_t at = find(walk, &state);
		if (at != NOT_FOUND) {
			uint32_t i = verify(walk, at);
			if (i == 0 && still_last(walk, &cache->frame[0])) {
				finish(walk, at + 1);
				return true;
			}
			frame = resume(walk, i, at, &state);
		} else {
			frame = store(walk, &state);
		}
		if (unlikely(frame == NULL)) {
			cache->cut = true;
			break;
		}
		enum native_step result = step(walk, &state, frame);
		if (result == STEP_GENERAL) {
			return false;
		}
		if (result == STEP_LAST) {
			cache->cut = false;
			break;
		}
	}
	finish(walk, 0);
	return true;
}

/** The caller's registers, by the frame of a function that it has called. */
attr_inline struct native_state caller_state(const uintptr_t *frame)
{
	return (struct native_state){ (uintptr_t)(frame + 2), native_strip(frame[1]), frame[0],
				      false };
}

/** True if all of the stack is as the last walk left it: mostly so, and quickly seen. */
attr_inline bool is_unchanged(const struct native *native, const struct native_cache *cache,
			      const struct native_state *state)
{
	/* As in begin. */
	if (load_acquire(&native->closing) != 0
	    || load_acquire(&native->rules.generation) != cache->generation
	    || cache->is_passing || cache->depth == 0) {
		return false;
	}
	const struct native_frame *frame = &cache->frame[cache->depth - 1];
	if (!is_at(frame, state)) {
		return false;
	}
	while (frame != cache->frame) {
		if (!caller_is_surely(frame, frame - 1)) {
			return false;
		}
		frame--;
	}
	return (frame->flags & NATIVE_FRAME_LAST) != 0;
}

/** native_walk of a stack that has changed. */
static attr_noinline void walk_changed(struct native *native, struct native_cache *cache,
				       const uintptr_t *frame)
{
	struct native_registers registers;
	struct native_state state;
	if (likely(frame != NULL)) {
		state = caller_state(frame);
	} else {
		native_capture(&registers);
		state = (struct native_state){ registers.value[NATIVE_SP],
					       registers.value[NATIVE_RA],
					       registers.value[NATIVE_FP], true };
	}
	begin(native, cache);
	struct walk walk = { .native = native, .cache = cache, .limit = cache->depth,
			     .fresh = cache->capacity };
	/* Should a handler leave the walk by longjmp, what is half moved is not met again. */
	cache->depth = 0;
	barrier_compiler();
	walk.span = native_span_of(state.sp, &cache->stack);
	if (unlikely(!walk_by_rules(&walk, state))) {
		/* Anew, and with all registers, which are known only here. */
		native_capture(&registers);
		walk.span = native_span_of(registers.value[NATIVE_SP], &cache->stack);
		walk_fully(&walk, &registers);
	}
}

void native_walk(struct native *native, struct native_cache *cache, const uintptr_t *frame)
{
	if (likely(frame != NULL)) {
		struct native_state state = caller_state(frame);
		if (likely(is_unchanged(native, cache, &state))) {
			return;
		}
	}
	walk_changed(native, cache, frame);
}
