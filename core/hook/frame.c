// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/frame.h"

#include "core/shm/intern.h"

#include <string.h>

/** Intern a str of the interpreter. */
static uint32_t text_number(const struct python_text *text)
{
	if (text->is_ascii) {
		return intern_text(&hook.view, text->data, (uint32_t)text->length);
	}
	size_t len = python_text_utf8(text, hook.text, sizeof(hook.text));
	return intern_text(&hook.view, hook.text, (uint32_t)len);
}

/** A file of the import system, whose frames lie between an import and what it executes. */
static bool is_import_system(const struct python_text *filename)
{
	static const char start[] = "<frozen importlib._bootstrap";
	return filename->is_ascii && filename->length >= sizeof(start) - 1
		&& memcmp(filename->data, start, sizeof(start) - 1) == 0;
}

/** Make the code object at an address known, and see to it that its free is noticed. */
static const struct code_slot *code_register(uintptr_t address)
{
	struct python_code_info info;
	if (!python_describe_code(&hook.python, address, &info)) {
		return NULL;
	}
	struct code *code = &hook.frames.code;
	code->kind = CODE_PYTHON;
	code->filename = text_number(&info.filename);
	code->qualname = text_number(&info.qualname);
	code->first_line = info.first_line;
	uint32_t number = intern_code(&hook.view, code);
	if (!number) {
		return NULL;
	}
	/* No block of its own: a static object of the interpreter, which is never freed, or one
	   that is older than what is recorded. */
	if (!live_mark_code(&hook.live, &hook.view, address)
	    && !python_in_image(&hook.python, address)) {
		store_relaxed(&hook.codes.has_unflagged, 1);
	}
	return codes_add(&hook.codes,
			 (struct code_slot){ address, number, is_import_system(&info.filename) });
}

/** What is registered for a code object, now if it was not. NULL: no space. */
static const struct code_slot *code_known(uintptr_t address)
{
	const struct code_slot *code = codes_find(&hook.codes, address);
	return code ? code : code_register(address);
}

/** The line of frame i, whose code is live. */
static attr_noinline uint32_t line_of(const struct python_cache *cache, unsigned i)
{
	uintptr_t code = python_cache_code(cache, i);
	struct python_code_info info;
	if (!python_describe_code(&hook.python, code, &info)) {
		return 0;
	}
	return python_lines_find(&hook.frames.lines, code, hook.codes.generation, &info,
				 python_offset(&hook.python, cache, i));
}

/** What code and which line frame i, which is not hidden, is at. NULL: no space. */
static const struct frame_line *line_known(const struct python_cache *cache, unsigned i)
{
	uintptr_t address = python_cache_code(cache, i);
	uintptr_t instruction = python_instruction(&hook.python, cache, i);
	struct frame_line *known = frame_line(&hook.frames, address, instruction);
	if (known->code == address && known->instruction == instruction
	    && known->generation == hook.codes.generation) {
		return known;
	}
	const struct code_slot *code = code_known(address);
	if (!code) {
		return NULL;
	}
	known->code = 0;
	/* Should a handler leave us by longjmp, it is not half another's. */
	barrier_compiler();
	known->instruction = instruction;
	known->generation = hook.codes.generation;
	known->number = code->number;
	known->is_import_system = code->is_import_system;
	known->line = line_of(cache, i);
	barrier_compiler();
	known->code = address;
	return known;
}

/** Find or make the node of a frame that is not hidden. False: no space, the node is parent. */
static bool code_node(const struct python_cache *cache, unsigned i, uint32_t parent,
		      bool is_innermost, uint32_t *ret_node)
{
	const struct frame_line *known = line_known(cache, i);
	*ret_node = parent;
	if (!known || (known->is_import_system && !is_innermost)) {
		return known != NULL;
	}
	uint32_t node = intern_node(&hook.view, parent, known->number, known->line);
	if (node) {
		*ret_node = node;
	}
	return node;
}

uint32_t frame_node_slowly(const struct python_cache *cache, unsigned i, uint32_t parent,
			   struct frame_memo *memo)
{
	if (python_cache_hidden(cache, i)) {
		return parent;
	}
	memo->code = 0;
	if (unlikely(!code_node(cache, i, parent, false, &memo->node))) {
		/* The stack ends at its last frame that is known. */
		hook_missed(MISSED_NO_SPACE);
		return parent;
	}
	memo->code = python_cache_code(cache, i);
	memo->instruction = python_instruction(&hook.python, cache, i);
	memo->parent = parent;
	memo->generation = hook.codes.generation;
	return memo->node;
}

uint32_t frame_innermost_node(const struct python_cache *cache, unsigned i, uint32_t parent)
{
	uint32_t node = parent;
	if (!python_cache_hidden(cache, i)) {
		code_node(cache, i, parent, true, &node);
	}
	return node;
}

uint32_t frame_code(uintptr_t address)
{
	const struct code_slot *code = code_known(address);
	return code ? code->number : 0;
}
