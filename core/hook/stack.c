// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/stack.h"

#include "core/elf/loaded.h"
#include "core/hook/frame.h"
#include "core/hook/hook.h"
#include "core/hook/mixed.h"
#include "core/shm/intern.h"

void stack_ask_for_python(void)
{
	uint32_t nobody = 0;
	if (hook.python.state != PYTHON_NOT_SEEN || hook.python.symbols.code_type
	    || load_relaxed(&hook.python_away)) {
		return;
	}
	if (cas_acq_rel(&hook.looking, &nobody, 1)) {
		python_attach(&hook.python, &hook);
		/* Pairs with the exchange above: one thread at a time. */
		store_release(&hook.looking, 0);
	}
}

/** Tell the report what is known of the interpreter now. */
static attr_cold void publish_python(void)
{
	struct slot *slot = hook.view.slot;
	slot->python_version = hook.python.layout.version;
	if (hook.python.layout.free_threaded) {
		slot->image_flags |= IMAGE_FREE_THREADED;
	}
	slot->python_state = hook.python.state;
	native_python_is_known();
}

/** Whatever the interpreter is up to. */
static attr_noinline struct stack_frames read_frames_slowly(struct thread *self)
{
	struct stack_frames frames = { 0, 0 };
	void *state = python_current_thread(&hook.python);
	self->python.settled = 0;
	if (unlikely(hook.python.state != hook.view.slot->python_state)) {
		publish_python();
	}
	if (state) {
		if (unlikely(!hook.domains.settled)) {
			domains_settle();
		}
		frames = python_walk(&hook.python, state, &self->python);
		if (frames.depth && hook.domains.settled) {
			python_cache_settle(&hook.python, &self->python, state);
		}
	}
	return frames;
}

/** Of one that stays, most often as the last time. */
attr_inline struct stack_frames read_frames(struct thread *self)
{
	struct stack_frames frames;
	void *state = python_settled_thread(&hook.python, &self->python);
	if (likely(state)) {
		frames = python_walk(&hook.python, state, &self->python);
		if (likely(frames.depth)) {
			return frames;
		}
	}
	return read_frames_slowly(self);
}

/** Of an interpreter that may be unloaded at any time but while a thread says that it reads. */
static attr_cold struct stack_frames read_frames_guarded(struct thread *self)
{
	struct stack_frames frames = { 0, 0 };
	store_relaxed(&self->reading, 1);
	/* Pairs with the fence of dlclose: either it sees us reading, or we see that it is at work.
	   */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!load_acquire(&hook.python_away)) {
		frames = read_frames_slowly(self);
	}
	store_release(&self->reading, 0);
	return frames;
}

struct stack_frames stack_read(struct thread *self, const uintptr_t *frame)
{
	if (unlikely(hook.native_frames.stacks)) {
		native_walk(&hook.native, &self->native, frame);
	}
	if (likely(hook.python_is_resident)) {
		return read_frames(self);
	}
	return load_relaxed(&hook.python.symbols.code_type) ? read_frames_guarded(self)
							    : (struct stack_frames){ 0, 0 };
}

/** What a code object's address stood for may have changed. */
attr_inline void forget_if_codes_went(struct thread *self, struct stack_frames *frames)
{
	if (unlikely(self->code_generation != hook.codes.generation)) {
		self->code_generation = hook.codes.generation;
		self->python.noded = 0;
		frames->unchanged = 0;
	}
}

/** Of a thread without frames of Python: where it was started, if that is known. */
static attr_noinline uint32_t origin_node(struct thread *self)
{
	if (self->origin && !self->origin_node) {
		self->origin_node = intern_node(&hook.view, self->origin, hook.code_thread, 0);
	}
	return self->origin_node ? self->origin_node : hook.node_no_stack;
}

/** Of a stack of which only the Python part is told. */
attr_inline uint32_t python_node(struct thread *self, struct stack_frames frames)
{
	struct python_cache *cache = &self->python;
	if (unlikely(frames.depth == 0)) {
		return origin_node(self);
	}
	forget_if_codes_went(self, &frames);
	if (unlikely(frames.unchanged == 0) && cache->cut) {
		hook_missed(MISSED_DEPTH);
	}
	unsigned i = frames.unchanged;
	uint32_t node = i > 0 ? cache->node[i - 1] : 0;
	uint32_t parent = i > 1 ? cache->node[i - 2] : 0;
	for (; i < frames.depth; i++) {
		parent = node;
		node = frame_node(cache, i, parent);
		cache->node[i] = node;
	}
	python_cache_nodes_filled(cache);
	if (unlikely(node == parent)) {
		/* It is left out below others; what allocates is shown, whatever it is. */
		node = frame_innermost_node(cache, i - 1, node);
	}
	return likely(node) ? node : hook.node_no_stack;
}

/** Of a stack of machine code without Python. */
static uint32_t native_node(struct native_cache *cache)
{
	uint32_t node = cache->noded ? cache->frame[cache->noded - 1].node : 0;
	for (unsigned i = cache->noded; i < cache->depth; i++) {
		node = native_frame_node(&cache->frame[i], node);
		cache->frame[i].node = node;
	}
	cache->noded = cache->depth;
	return likely(node) ? node : hook.node_no_stack;
}

/** Machine code is told of, and Python's frames in between. */
static attr_noinline uint32_t full_node(struct thread *self, struct stack_frames frames)
{
	struct native_cache *cache = &self->native;
	bool is_mixed = frames.depth != 0 && hook.native_frames.stacks == NATIVE_STACKS_FULL;
	if (cache->is_mixed != is_mixed) {
		cache->is_mixed = is_mixed;
		cache->noded = 0;
	}
	if (unlikely(cache->cut && cache->noded == 0)) {
		hook_missed(MISSED_DEPTH);
	}
	if (frames.depth == 0 && cache->depth) {
		return native_node(cache);
	}
	uint32_t node = 0;
	if (is_mixed && cache->depth) {
		forget_if_codes_went(self, &frames);
		node = mixed_node(self, frames);
	}
	if (node) {
		return node;
	}
	/* What the Python cache has are no nodes of Python frames alone, and what it will have is
	   not to be taken for the others the next time. */
	frames.unchanged = 0;
	node = python_node(self, frames);
	self->python.noded = 0;
	return node;
}

uint32_t stack_node_slowly(struct thread *self, struct stack_frames frames)
{
	return unlikely(hook.native_frames.stacks) ? full_node(self, frames)
						   : python_node(self, frames);
}
