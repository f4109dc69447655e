// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/stack.h"

#include "core/elf/loaded.h"
#include "core/hook/hook.h"
#include "core/shm/intern.h"

void stack_look_for_python(void)
{
	/* Until an interpreter is there, ask the loader now and then whether it has loaded
	   anything. */
	if (likely(hook.python.state != PYTHON_NOT_SEEN) || hook.python.symbols.code_type
	    || load_relaxed(&hook.python_away)) {
		return;
	}
	if ((add_relaxed(&hook.looks, 1) & (LOOK_EVERY - 1)) != 0) {
		return;
	}
	uint32_t nobody = 0;
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
}

static struct stack_frames read_frames(struct thread *self)
{
	struct stack_frames frames = { 0, 0 };
	void *state = python_current_thread(&hook.python);
	if (unlikely(hook.python.state != hook.view.slot->python_state)) {
		publish_python();
	}
	if (state) {
		if (unlikely(!hook.domains.settled)) {
			domains_settle();
		}
		frames.depth = python_walk(&hook.python, state, &self->python, &frames.unchanged);
	}
	return frames;
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
		frames = read_frames(self);
	}
	store_release(&self->reading, 0);
	return frames;
}

struct stack_frames stack_read(struct thread *self)
{
	return likely(hook.python_is_resident) ? read_frames(self) : read_frames_guarded(self);
}

/** Intern a str of the interpreter. */
static uint32_t text_number(const struct python_text *text)
{
	if (text->is_ascii) {
		return intern_text(&hook.view, text->data, (uint32_t)text->length);
	}
	size_t len = python_text_utf8(text, hook.text, sizeof(hook.text));
	return intern_text(&hook.view, hook.text, (uint32_t)len);
}

/** Make the code object at an address known, and see to it that its free is noticed. */
static attr_cold uint32_t code_register(uintptr_t address)
{
	struct python_code_info info;
	if (!python_describe_code(&hook.python, address, &info)) {
		return 0;
	}
	struct code code = {
		.kind = CODE_PYTHON,
		.filename = text_number(&info.filename),
		.qualname = text_number(&info.qualname),
		.lines = intern_text(&hook.view, info.lines, (uint32_t)info.lines_bytes),
		.first_line = info.first_line,
		.line_format = info.line_format,
	};
	uint32_t number = intern_code(&hook.view, &code);
	if (number) {
		/* No block of its own: a static object of the interpreter, which is never freed. */
		live_mark_code(&hook.live, &hook.view, address);
		codes_add(&hook.codes, address, number);
	}
	return number;
}

/** The node of frame i, below parent. */
static uint32_t frame_node(const struct python_cache *cache, unsigned i, uint32_t parent)
{
	if (python_cache_hidden(cache, i)) {
		return parent;
	}
	uintptr_t address = python_cache_code(cache, i);
	uint32_t code = codes_find(&hook.codes, address);
	if (unlikely(!code)) {
		code = code_register(address);
	}
	uint32_t node = code ? intern_node(&hook.view, parent, code,
					   python_offset(&hook.python, cache, i))
			     : 0;
	if (unlikely(!node)) {
		/* No space: the stack ends at its last frame that is known. */
		hook_missed(MISSED_NO_SPACE);
		return parent;
	}
	return node;
}

uint32_t stack_node(struct thread *self, struct stack_frames frames)
{
	if (frames.depth == 0) {
		if (!self->origin) {
			return hook.node_no_stack;
		}
		uint32_t node = intern_node(&hook.view, self->origin, hook.code_thread, 0);
		return node ? node : hook.node_no_stack;
	}
	struct python_cache *cache = &self->python;
	if (unlikely(self->code_generation != hook.codes.generation)) {
		self->code_generation = hook.codes.generation;
		frames.unchanged = 0;
	}
	if (unlikely(cache->cut && frames.unchanged == 0)) {
		hook_missed(MISSED_DEPTH);
	}
	uint32_t node = frames.unchanged ? cache->node[frames.unchanged - 1] : 0;
	for (unsigned i = frames.unchanged; i < frames.depth; i++) {
		node = frame_node(cache, i, node);
		cache->node[i] = node;
	}
	cache->noded = frames.depth;
	return likely(node) ? node : hook.node_no_stack;
}
