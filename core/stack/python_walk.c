// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The walk. Most allocations find the stack as the last one left it, or differ in a few innermost
 * frames, but the whole cached chain has to be verified: frames are pushed again at the same
 * address with the same code and instruction, and nothing in them says so.
 *
 *        cache, index 0 outermost                              arrays, capacity long
 *   [ main | f | g | ended             |           free               | h | k ]
 *     verified against memory  <---- limit               fresh ---->
 *
 * New frames are found from the innermost outwards and stored from the end of the arrays down,
 * until one is met that the cache has. From there the cache is verified: its addresses are known
 * beforehand, so the loads do not wait for each other. If the chain leaves the cache below (a
 * generator or greenlet resumed elsewhere), the verified part joins the fresh one and the search
 * goes on. In the end the fresh part is moved down to where the cache was met.
 *
 * What has ended stays in the cache above what runs, until something else takes its position: the
 * next call of the same function most often has its frame there again, with the same instruction.
 */
#include "core/stack/python.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/base/sys.h"
#include "core/stack/python_marks.h"
#include "core/stack/python_object.h"

#define FIRST_CAPACITY 256u
#define NOT_FOUND UINT32_MAX
#define HIDDEN_BIT ((uintptr_t)1)

/** Bytes of the seven arrays for one frame. */
#define FRAME_BYTES (3 * sizeof(uintptr_t) + 4 * sizeof(uint32_t))

/** One walk under way. */
struct walk {
	struct python *python;
	struct python_cache *cache;
	/** Cached positions [0, limit) may still be met. */
	uint32_t limit;
	/** Fresh frames lie in [fresh, capacity). */
	uint32_t fresh;
};

static uint32_t *position_slot(const struct python_cache *cache, uintptr_t frame)
{
	uint32_t hash = (uint32_t)(frame >> 3) * 0x9e3779b1u;
	return &cache->position[(hash >> 8 ^ hash >> 20) & (cache->capacity - 1)];
}

static void remember_positions(struct python_cache *cache, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		*position_slot(cache, cache->frame[i]) = i;
	}
}

static bool cache_map(struct python_cache *cache, uint32_t capacity)
{
	char *memory = sys_map_private(capacity * FRAME_BYTES);
	if (memory == NULL) {
		return false;
	}
	cache->capacity = capacity;
	cache->frame = (uintptr_t *)memory;
	cache->instruction = cache->frame + capacity;
	cache->code = cache->instruction + capacity;
	cache->node = (uint32_t *)(cache->code + capacity);
	cache->base = cache->node + capacity;
	cache->position = cache->base + capacity;
	cache->mark = cache->position + capacity;
	return true;
}

static void copy_frames(struct python_cache *to, uint32_t at, const struct python_cache *from,
			uint32_t first, uint32_t count)
{
	memmove(to->frame + at, from->frame + first, count * sizeof(*to->frame));
	memmove(to->instruction + at, from->instruction + first, count * sizeof(*to->instruction));
	memmove(to->code + at, from->code + first, count * sizeof(*to->code));
}

/** Double the arrays of a walk that has filled them. */
static attr_noinline bool walk_grow(struct walk *walk)
{
	struct python_cache *cache = walk->cache;
	struct python_cache larger = *cache;
	uint32_t capacity = cache->capacity != 0 ? cache->capacity * 2 : FIRST_CAPACITY;
	if (capacity > PYTHON_FRAMES_MAX || !cache_map(&larger, capacity)) {
		return false;
	}
	uint32_t fresh = capacity - (cache->capacity - walk->fresh);
	if (cache->capacity != 0) {
		copy_frames(&larger, 0, cache, 0, walk->limit);
		memcpy(larger.node, cache->node, walk->limit * sizeof(*larger.node));
		memcpy(larger.base, cache->base, walk->limit * sizeof(*larger.base));
		memcpy(larger.mark, cache->mark, cache->marks * sizeof(*larger.mark));
		copy_frames(&larger, fresh, cache, walk->fresh, cache->capacity - walk->fresh);
		python_cache_done(cache);
	}
	*cache = larger;
	walk->fresh = fresh;
	remember_positions(cache, 0, walk->limit);
	return true;
}

void python_cache_reset(struct python_cache *cache)
{
	cache->depth = 0;
	cache->kept = 0;
	cache->noded = 0;
	cache->cut = false;
	cache->marks = 0;
	cache->settled = 0;
}

void python_cache_done(struct python_cache *cache)
{
	if (cache->capacity != 0) {
		sys_munmap(cache->frame, cache->capacity * FRAME_BYTES);
	}
	*cache = (struct python_cache){ 0 };
}

/** True for the code of 3.13's frame that only waits for an __init__ to return: it has no line. */
static bool is_cleanup_code(const struct python *python, uintptr_t code)
{
	return python_in_image(python, code) && python->layout.version >= PYTHON_VERSION(13)
		&& object_u32(code, python->layout.code_first_line) == 0;
}

/** What a live frame that refers to code runs. */
static enum frame_kind classify(const struct python *python, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python->layout;
	if (layout->frame_owner != PYTHON_NO_FIELD
	    && object_u8(frame, layout->frame_owner) >= layout->first_shim_owner) {
		return FRAME_HIDDEN;
	}
	if (code == 0 || code == (uintptr_t)python->symbols.none) {
		return FRAME_HIDDEN;
	}
	if (object_word(code, layout->object_type) != (uintptr_t)python->symbols.code_type) {
		return FRAME_STRANGE;
	}
	return is_cleanup_code(python, code) ? FRAME_HIDDEN : FRAME_CODE;
}

attr_inline uintptr_t read_instruction(const struct python_layout *layout, uintptr_t frame)
{
	return layout->instruction_form == PYTHON_INSTRUCTION_POINTER
		? object_word(frame, layout->frame_instruction)
		: object_u32(frame, layout->frame_instruction);
}

/** Store what a live frame shows now at position i; false if it shows what no frame should. */
static attr_noinline bool store_frame(const struct python *python, struct python_cache *cache,
				      uint32_t i, uintptr_t frame)
{
	const struct python_layout *layout = &python->layout;
	uintptr_t code = object_untag(object_word(frame, layout->frame_code));
	enum frame_kind kind = classify(python, frame, code);
	cache->frame[i] = frame;
	cache->instruction[i] = read_instruction(layout, frame);
	cache->code[i] = kind == FRAME_CODE ? code : code | HIDDEN_BIT;
	return kind != FRAME_STRANGE;
}

/** Where the verification of a chain ended. */
struct verified {
	/** Outermost position whose frame is as linked; all above it are. */
	uint32_t last;
	/** Lowest position that was stored anew; UINT32_MAX: none. */
	uint32_t changed;
	/** What the frame at last continues with. */
	uintptr_t link;
	/** The stack ends there, or the frame is marked: what lies outside of it is cached. */
	bool whole;
	bool strange;
};

/** The offsets of a loop that verifies. */
struct offsets {
	unsigned previous;
	unsigned code;
	unsigned instruction;
	bool is_narrow;
	/** An instruction's address does not tell whose it is: compare the code object too. */
	bool compare_code;
	struct mark_place mark;
};

/** A live frame at position i does not show what the cache has: store it. False: strange. */
attr_inline bool refresh(const struct python *python, struct python_cache *cache, uint32_t i,
			 uintptr_t instruction, const struct offsets offsets)
{
	uintptr_t code = object_untag(object_word(cache->frame[i], offsets.code));
	if (likely(code == cache->code[i])) {
		/* It has gone on, or is another call of the same code. */
		cache->instruction[i] = instruction;
		return true;
	}
	return store_frame(python, cache, i, cache->frame[i]);
}

/** The innermost position up to at that is marked; 0: none. Forgets those further in. */
attr_inline uint32_t next_mark(struct python_cache *cache, uint32_t at)
{
	while (unlikely(cache->marks != 0)) {
		uint32_t i = cache->mark[cache->marks - 1];
		if (i <= at) {
			return i;
		}
		cache->marks--;
	}
	return 0;
}

/**
 * Verify positions at, at - 1, ... 0 against memory, the frame at position at being live and
 * callee, if not 0, linked to it. Inlined with constant offsets: two or three independent loads and
 * as many predictable branches a frame.
 */
attr_inline struct verified verify(const struct python *python, struct python_cache *cache,
				   uint32_t at, uintptr_t callee, const struct offsets offsets)
{
	struct verified result = { .changed = UINT32_MAX };
	uint32_t stop = next_mark(cache, at);
	for (uint32_t i = at;; i--) {
		uintptr_t frame = cache->frame[i];
		uintptr_t instruction = offsets.is_narrow ? object_u32(frame, offsets.instruction)
							  : object_word(frame, offsets.instruction);
		bool same = instruction == cache->instruction[i]
			&& (!offsets.compare_code
			    || object_untag(object_word(frame, offsets.code))
				    == object_untag(cache->code[i]));
		if (unlikely(!same)) {
			result.changed = i;
			if (unlikely(!refresh(python, cache, i, instruction, offsets))) {
				result.strange = true;
				return result;
			}
		}
		uintptr_t link = object_word(frame, offsets.previous);
		if (unlikely(i == stop)) {
			bool holds = i != 0
				&& mark_holds(python, cache, offsets.mark, frame,
					      i < at ? cache->frame[i + 1] : callee);
			if (i == 0 || holds) {
				result.last = i;
				result.link = link;
				result.whole = holds || link == 0 || cache->cut;
				return result;
			}
			stop = next_mark(cache, i - 1);
		}
		if (unlikely(link != cache->frame[i - 1])) {
			result.last = i;
			result.link = link;
			return result;
		}
	}
}

/** Where the hash of a frame leads below end; NOT_FOUND: to another, or nowhere. */
attr_inline uint32_t position_of(const struct python_cache *cache, uint32_t end, uintptr_t frame)
{
	uint32_t i = *position_slot(cache, frame);
	return i < end && cache->frame[i] == frame ? i : NOT_FOUND;
}

/**
 * Cached position below limit of a frame, or NOT_FOUND (which costs only time if it was there).
 */
attr_inline uint32_t find(const struct python_cache *cache, uint32_t limit, uintptr_t frame)
{
	uint32_t last = cache->depth - 1;
	if (likely(last < limit && cache->frame[last] == frame)) {
		return last;
	}
	return limit != 0 ? position_of(cache, limit, frame) : NOT_FOUND;
}

uint32_t python_cache_reaches(const struct python_cache *cache, uint32_t end, uintptr_t frame)
{
	uint32_t i = position_of(cache, end, frame);
	if (likely(i != NOT_FOUND)) {
		return i + 1;
	}
	i = end;
	while (i > 0 && cache->frame[i - 1] != frame) {
		i--;
	}
	return i;
}

/** Positions [first, last] were verified, but what lies below them is not what the cache has. */
static void cut_loose(struct walk *walk, uint32_t first, uint32_t last)
{
	uint32_t count = last + 1 - first;
	copy_frames(walk->cache, walk->fresh - count, walk->cache, first, count);
	walk->fresh -= count;
	walk->limit = first;
}

/** Room for one more fresh frame: taken from what has ended, grown, or else from what runs. */
static bool make_room(struct walk *walk)
{
	if (likely(walk->fresh > walk->limit)) {
		return true;
	}
	if (walk->limit > walk->cache->depth) {
		walk->limit = walk->cache->depth;
		return true;
	}
	if (walk_grow(walk)) {
		return true;
	}
	walk->limit = 0;
	return walk->fresh > 0;
}

/** Move the fresh frames down to above base positions; how many they are. */
static attr_noinline uint32_t join(struct walk *walk, uint32_t base)
{
	struct python_cache *cache = walk->cache;
	uint32_t count = cache->capacity - walk->fresh;
	copy_frames(cache, base, cache, walk->fresh, count);
	remember_positions(cache, base, base + count);
	cache->kept = base + count;
	if (cache->noded > base) {
		cache->noded = base;
	}
	return count;
}

/** Positions from the first that was stored anew on have no nodes. */
attr_inline void take_nodes(struct python_cache *cache, uint32_t changed)
{
	if (cache->noded > changed) {
		cache->noded = changed;
	}
}

/** End the walk: the fresh frames stand above base positions, of which unchanged are as before. */
attr_inline unsigned finish(struct walk *walk, uint32_t base, uint32_t unchanged)
{
	struct python_cache *cache = walk->cache;
	uint32_t count = walk->fresh != cache->capacity ? join(walk, base) : 0;
	cache->depth = base + count;
	take_nodes(cache, unchanged);
	return cache->depth;
}

/** The layout is wrong after all: never read with it again. */
static attr_cold unsigned give_up(struct walk *walk)
{
	store_release(&walk->python->state, PYTHON_UNREADABLE);
	python_cache_reset(walk->cache);
	return 0;
}

static bool is_readable(struct python *python, uintptr_t thread)
{
	if (unlikely(load_acquire(&python->probed) == 0)) {
		python_probe(python, thread);
	}
	return load_relaxed(&python->probed) != 0
		&& load_relaxed(&python->state) == PYTHON_ATTACHED;
}

/** All of the stack is new. */
static unsigned finish_anew(struct walk *walk, bool is_cut)
{
	walk->cache->cut = is_cut;
	walk->cache->marks = 0;
	return finish(walk, 0, 0);
}

/**
 * The chain was verified down to position low, which is marked (or 0, and the outermost), and found
 * as it was up to the one that changed. If that took long, have it marked.
 */
static attr_noinline void mark_chain(struct python *python, uintptr_t thread,
				     struct python_cache *cache, uint32_t low, uint32_t changed)
{
	uint32_t high = changed < cache->depth ? changed : cache->depth - 1;
	uint32_t worth = low != 0 ? cache->mark_every : 2 * cache->mark_every;
	if (high > low + worth && cache->mark_every != 0 && !cache->cut) {
		python_marks_set(python, thread, cache, low != 0 ? low : worth - 1, high - 1);
	}
}

attr_inline struct offsets offsets_of(const struct python_layout *layout)
{
	bool is_pointer = layout->instruction_form == PYTHON_INSTRUCTION_POINTER;
	return (struct offsets){ layout->frame_previous, layout->frame_code,
				 layout->frame_instruction, !is_pointer, true,
				 mark_place(layout) };
}

/** A walk of any stack. */
static attr_noinline unsigned walk_any(struct python *python, uintptr_t thread,
				       struct python_cache *cache)
{
	const struct offsets offsets = offsets_of(&python->layout);
	struct walk walk = { .python = python, .cache = cache, .limit = cache->kept,
			     .fresh = cache->capacity };
	uintptr_t frame = thread_frame(&python->layout, thread);
	uintptr_t callee = 0;
	while (frame != 0) {
		uint32_t at = find(cache, walk.limit, frame);
		if (at == NOT_FOUND) {
			if (!make_room(&walk)) {
				return finish_anew(&walk, true);
			}
			if (!store_frame(python, cache, --walk.fresh, frame)) {
				return give_up(&walk);
			}
			callee = frame;
			frame = object_word(frame, offsets.previous);
			continue;
		}
		struct verified chain = verify(python, cache, at, callee, offsets);
		if (chain.strange) {
			return give_up(&walk);
		}
		if (chain.whole) {
			unsigned depth = finish(&walk, at + 1, chain.changed);
			mark_chain(python, thread, cache, chain.last,
				   chain.changed <= at ? chain.changed : at + 1);
			return depth;
		}
		cut_loose(&walk, chain.last, at);
		callee = cache->frame[walk.fresh];
		frame = chain.link;
	}
	return finish_anew(&walk, false);
}

/** A walk that finds its innermost frame where the cache has it, and that linked as before. */
attr_inline unsigned walk_known(struct python *python, uintptr_t thread,
				struct python_cache *cache, const struct offsets offsets)
{
	uintptr_t frame = thread_frame(&python->layout, thread);
	if (unlikely(cache->marks != 0) && !marks_are_trusted(python, thread, cache)) {
		cache->marks = 0;
	}
	uint32_t at = find(cache, cache->kept, frame);
	if (likely(at != NOT_FOUND)) {
		struct verified chain = verify(python, cache, at, 0, offsets);
		take_nodes(cache, chain.changed);
		if (likely(chain.whole)) {
			cache->depth = at + 1;
			if (unlikely(at - chain.last > cache->mark_every)) {
				mark_chain(python, thread, cache, chain.last, chain.changed);
			}
			return at + 1;
		}
	}
	return walk_any(python, thread, cache);
}

struct stack_frames python_walk(struct python *python, void *thread, struct python_cache *cache)
{
	const uintptr_t state = (uintptr_t)thread;
	const unsigned char trace_lines = PYTHON_MARK_TRACE_LINES, slot = PYTHON_MARK_SLOT;
	uint32_t depth;
	if (unlikely(!is_readable(python, state))) {
		python_cache_reset(cache);
		return (struct stack_frames){ 0, 0 };
	}
	switch (python->layout.shape) {
	case PYTHON_SHAPE_3_9:
		depth = walk_known(python, state, cache,
				   (struct offsets){ 24, 32, 104, true, true,
						     { trace_lines, 88, 0, 0, 0, 0 } });
		break;
	case PYTHON_SHAPE_3_10:
		depth = walk_known(python, state, cache,
				   (struct offsets){ 24, 32, 96, true, true,
						     { trace_lines, 84, 0, 0, 0, 0 } });
		break;
	case PYTHON_SHAPE_3_11:
		depth = walk_known(python, state, cache,
				   (struct offsets){ 48, 32, 56, false, false,
						     { slot, 64, 69, 68, 0, 0 } });
		break;
	case PYTHON_SHAPE_3_12:
		depth = walk_known(python, state, cache,
				   (struct offsets){ 8, 0, 56, false, false,
						     mark_place(&python->layout) });
		break;
	default:
		depth = walk_known(python, state, cache, offsets_of(&python->layout));
		break;
	}
	return (struct stack_frames){ depth, cache->noded < depth ? cache->noded : depth };
}

/** Start of the bytecode that a frame runs: from 3.14 on, without the GIL, a thread's own copy. */
static uintptr_t bytecode_of(const struct python_layout *layout, uintptr_t frame, uintptr_t code)
{
	if (layout->code_tlbc != PYTHON_NO_FIELD) {
		/* struct { Py_ssize_t size; char *entries[size]; }, pycore_code.h */
		uintptr_t copies = object_word(code, layout->code_tlbc);
		uint32_t index = object_u32(frame, layout->frame_tlbc_index);
		if (copies != 0 && index < object_word(copies, 0)) {
			return object_word(copies, sizeof(uintptr_t) * (1 + index));
		}
	}
	return code + layout->code_bytecode;
}

uint32_t python_offset(const struct python *python, const struct python_cache *cache, unsigned i)
{
	const struct python_layout *layout = &python->layout;
	uintptr_t offset = cache->instruction[i];
	if (layout->instruction_form == PYTHON_INSTRUCTION_POINTER) {
		offset -= bytecode_of(layout, cache->frame[i], cache->code[i]);
	} else if (layout->instruction_form == PYTHON_INSTRUCTION_UNITS) {
		offset = (uint32_t)offset * 2;
	}
	/* Before the first instruction it is negative. */
	return offset <= INT32_MAX ? (uint32_t)offset : 0;
}
