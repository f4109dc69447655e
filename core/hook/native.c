// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/native.h"

#include "core/base/recording.h"
#include "core/base/sys.h"
#include "core/elf/loaded.h"
#include "core/hook/hook.h"
#include "core/hook/nesting.h"
#include "core/shm/intern.h"

#include <elf.h>
#include <string.h>

static enum native_stacks choose_stacks(bool with_python)
{
	uint32_t flags = hook.view.header->flags;
	if (flags & SEGMENT_NATIVE_NO) {
		return with_python ? NATIVE_STACKS_NONE : NATIVE_STACKS_CALLER;
	}
	return with_python && !(flags & SEGMENT_NATIVE_YES) ? NATIVE_STACKS_NONE
							    : NATIVE_STACKS_FULL;
}

/** A scope may want them that others do without. */
static bool is_for_scopes(void)
{
	uint32_t flags = hook.view.header->flags;
	return flags & SEGMENT_ON_REQUEST && !(flags & SEGMENT_NATIVE_NO);
}

/** The executable's path: as the kernel has it, else as the program was started. */
static void find_executable(const char *started_as)
{
	char *path = hook.native_frames.executable;
	long len = sys_call4(SYS_readlinkat, SYS_AT_FDCWD, "/proc/self/exe", path,
			     sizeof(hook.native_frames.executable) - 1);
	if (!sys_failed(len)) {
		path[len] = '\0';
		return;
	}
	for (size_t i = 0; started_as && started_as[i]
			   && i < sizeof(hook.native_frames.executable) - 1; i++) {
		path[i] = started_as[i];
	}
}

/** Where the loader is, whose calls of free are looked at. musl's never closes an object. */
static void find_loader(const void *loader)
{
	uintptr_t start;
	uintptr_t end;
	uintptr_t libc = (uintptr_t)hook.next.free;
	if (elf_find_span(loader, &start, &end) && (libc < start || libc >= end)) {
		hook.loader_start = start;
		hook.loader_end = end;
	}
}

void native_start(const struct native_process *process, bool with_python)
{
	struct native_frames *frames = &hook.native_frames;
	enum native_stacks stacks = choose_stacks(with_python);
	enum native_stacks available = is_for_scopes() ? NATIVE_STACKS_FULL : stacks;
	/* Also for those who ask for mappings. */
	native_objects_init(&hook.native.objects, process->headers, process->header_count);
	find_executable(process->started_as);
	find_loader(process->loader);
	if (available == NATIVE_STACKS_NONE) {
		return;
	}
	frames->code_no_object = intern_label(&hook.view, "[machine code without a file]");
	uint32_t code_no_table = intern_label(&hook.view, LABEL_NO_TABLE);
	frames->node_no_table = code_no_table ? intern_node(&hook.view, 0, code_no_table, 0) : 0;
	elf_find_span(&hook, &hook.native.hook.start, &hook.native.hook.end);
	hook.native.caller_only = available == NATIVE_STACKS_CALLER;
	frames->stack_end = process->stack_end;
	frames->available = frames->code_no_object ? available : NATIVE_STACKS_NONE;
	frames->stacks = frames->code_no_object ? stacks : NATIVE_STACKS_NONE;
}

void native_choose(bool is_wanted)
{
	struct native_frames *frames = &hook.native_frames;
	bool is_told = is_wanted || hook.view.header->flags & SEGMENT_NATIVE_YES;
	if (is_told && !frames->stacks) {
		/* Nobody has noted what changed while there were none. */
		native_forget(&hook.native);
	}
	store_relaxed(&frames->stacks, is_told ? frames->available : NATIVE_STACKS_NONE);
}

bool native_is_told(void)
{
	return hook.native_frames.stacks == NATIVE_STACKS_FULL;
}

void native_stop(void)
{
	/* Without a segment, and in a forked child, there is no lock of ours to take. In a handler
	   it may not be to be had: then one stack more is told as it was remembered. */
	bool is_locked = hook.gate && hook.gate->recording && hook_lock();
	store_relaxed(&hook.native_frames.available, NATIVE_STACKS_NONE);
	store_relaxed(&hook.native_frames.stacks, NATIVE_STACKS_NONE);
	store_relaxed(&hook.native_frames.mappers_unknown, 1);
	if (is_locked) {
		/* The nodes that threads remember stand on machine code. */
		codes_renew(&hook.codes);
		hook_unlock();
	}
}

void native_thread_begins(struct thread *thread, uintptr_t frame)
{
	native_cache_reset(&thread->native);
	if (frame) {
		thread->native.stack = native_span_below(frame);
	} else if (thread->tid == hook.pid) {
		uintptr_t end = hook.native_frames.stack_end;
		thread->native.stack = (struct native_span){ end, end };
	} else {
		thread->native.stack = (struct native_span){ 0, 0 };
	}
}

void native_python_is_known(void)
{
	hook.native.python.start = hook.python.image_start;
	hook.native.python.end = hook.python.image_end;
	hook.native.eval = (uintptr_t)hook.python.symbols.eval;
	native_forget(&hook.native);
}

/** The build id in hexadecimal. */
static uint32_t build_id_text(const struct native_identity *identity)
{
	static const char digits[] = "0123456789abcdef";
	for (uint32_t i = 0; i < identity->build_id_bytes; i++) {
		hook.text[2 * i] = digits[identity->build_id[i] >> 4];
		hook.text[2 * i + 1] = digits[identity->build_id[i] & 0xf];
	}
	return intern_text(&hook.view, hook.text, 2 * identity->build_id_bytes);
}

/** The code of an object; upper: of those of its instructions that have these upper 32 bits. */
static uint32_t object_code(const struct native_identity *identity, enum code_kind kind,
			    uint32_t upper)
{
	const char *path = identity->path[0] ? identity->path : hook.native_frames.executable;
	struct code code = {
		.kind = (uint16_t)kind,
		.filename = intern_text(&hook.view, path, (uint32_t)strlen(path)),
		.qualname = build_id_text(identity),
		.first_line = (int32_t)upper,
	};
	return intern_code(&hook.view, &code);
}

/** An instruction is returned to, or it was interrupted: another code. */
static uint32_t code_for(uint32_t code, bool is_exact)
{
	if (!is_exact || !code) {
		return code;
	}
	struct code exact = *view_code(&hook.view, code);
	exact.variant = NATIVE_INTERRUPTED;
	return intern_code(&hook.view, &exact);
}

/** The object file at an address. What is remembered of it goes when it does. */
static bool identify(uintptr_t address, struct native_identity *ret)
{
	struct native_object object;
	if (!native_find_object(&hook.native.objects, address, &object)) {
		return false;
	}
	native_maps_add(&hook.native.maps, object.link_map);
	*ret = native_identify(&hook.native.objects, &object);
	return true;
}

static attr_cold bool find_place(uintptr_t pc, bool is_exact, struct native_place_known *ret)
{
	struct native_identity identity;
	if (!identify(pc - !is_exact, &identity)) {
		return false;
	}
	uint64_t address = pc - identity.base;
	uint32_t code = object_code(&identity, CODE_NATIVE, (uint32_t)(address >> 32));
	/* Complete when it is named: a handler may leave us by longjmp. */
	ret->pc = 0;
	barrier_compiler();
	ret->code = code_for(code, is_exact);
	ret->address = (uint32_t)address;
	barrier_compiler();
	ret->pc = pc;
	return true;
}

static struct native_place_known *place_of(uintptr_t pc)
{
	return &hook.native_frames.places[pc * 0x9e3779b97f4a7c15u >> 52];
}
_Static_assert(NATIVE_PLACES == 1u << (64 - 52), "all places are used");

/** What was looked up is forgotten when objects may have gone. */
static void expire(void)
{
	uint32_t generation = load_relaxed(&hook.native.rules.generation);
	if (unlikely(hook.native_frames.generation != generation)) {
		hook.native_frames.generation = generation;
		memset(hook.native_frames.places, 0, sizeof(hook.native_frames.places));
		memset(hook.native_frames.memos, 0, sizeof(hook.native_frames.memos));
		hook.native_frames.mapper_pc = 0;
	}
}

/** An interrupted frame's address is rarely met twice, and is not kept. */
static bool look_up(const struct native_frame *frame, struct native_place_known *ret)
{
	if (frame->flags & NATIVE_FRAME_EXACT) {
		return find_place(frame->pc, true, ret);
	}
	struct native_place_known *known = place_of(frame->pc);
	if (unlikely(known->pc != frame->pc) && !find_place(frame->pc, false, known)) {
		return false;
	}
	*ret = *known;
	return true;
}

/** The node of a frame that is not remembered; 0: no space. */
static uint32_t find_node(const struct native_frame *frame, uint32_t parent)
{
	struct native_place_known place = { .code = hook.native_frames.code_no_object };
	if (frame->class != CLASS_NO_OBJECT && !look_up(frame, &place)) {
		place.code = hook.native_frames.code_no_object;
		place.address = 0;
	}
	return place.code ? intern_node(&hook.view, parent, place.code, place.address) : 0;
}

static attr_noinline uint32_t node_unknown(const struct native_frame *frame, uint32_t parent,
					   struct native_memo *memo)
{
	uint32_t node = find_node(frame, parent);
	if (unlikely(!node)) {
		/* The stack ends at its last frame that is known. */
		hook_missed(MISSED_NO_SPACE);
		return parent;
	}
	if (!(frame->flags & NATIVE_FRAME_EXACT)) {
		memo->pc = 0;
		barrier_compiler();
		memo->parent = parent;
		memo->node = node;
		barrier_compiler();
		memo->pc = frame->pc;
	}
	return node;
}

/** The loader's own code without a table is where the process begins, which nothing calls. */
static bool has_unknown_callers(const struct native_frame *frame)
{
	return frame->flags & NATIVE_FRAME_NO_TABLE
		&& frame->pc - hook.loader_start >= hook.loader_end - hook.loader_start;
}

uint32_t native_frame_node(const struct native_frame *frame, uint32_t parent)
{
	if (frame->class == CLASS_HOOK) {
		return parent;
	}
	expire();
	if (unlikely(has_unknown_callers(frame)) && parent == 0) {
		parent = hook.native_frames.node_no_table;
	}
	uint64_t hash = (frame->pc ^ (uint64_t)parent << 32) * 0x9e3779b97f4a7c15u;
	struct native_memo *memo = &hook.native_frames.memos[hash >> 50];
	if (likely(memo->pc == frame->pc && memo->parent == parent)
	    && !(frame->flags & NATIVE_FRAME_EXACT)) {
		return memo->node;
	}
	return node_unknown(frame, parent, memo);
}
_Static_assert(NATIVE_MEMOS == 1u << (64 - 50), "all memos are used");

/** The code of the object that pc lies in; 0: none does, or there is no space. */
static attr_cold uint32_t find_mapper(uintptr_t pc)
{
	struct native_identity identity;
	bool may_change = load_acquire(&hook.native.closing)
		&& native_objects_walks_list(&hook.native.objects);
	if (may_change || !identify(pc - 1, &identity)) {
		return 0;
	}
	return object_code(&identity, CODE_MAPPER, 0);
}

uint32_t native_mapper_node(uintptr_t pc, uint32_t parent)
{
	struct native_frames *frames = &hook.native_frames;
	if (!pc || load_relaxed(&frames->mappers_unknown)) {
		return parent;
	}
	expire();
	if (frames->mapper_pc != pc) {
		/* Complete when it is named: a handler may leave us by longjmp. */
		frames->mapper_pc = 0;
		barrier_compiler();
		frames->mapper_code = find_mapper(pc);
		barrier_compiler();
		frames->mapper_pc = pc;
	}
	uint32_t node = frames->mapper_code
		? intern_node(&hook.view, parent, frames->mapper_code, 0)
		: 0;
	return node ? node : parent;
}
