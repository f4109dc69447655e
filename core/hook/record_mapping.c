// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Mappings on the books: whole pages, counted while they are anonymous and can be accessed. Every
 * call first cuts whatever it replaces out of the known ranges, then adds what is there now.
 */
#include "core/base/sys.h"
#include "core/hook/books.h"
#include "core/hook/nesting.h"
#include "core/hook/record.h"
#include "core/hook/request.h"
#include "core/hook/scope_account.h"
#include "core/hook/stack.h"
#include "core/shm/intern.h"

#include <string.h>

static uintptr_t page_up(uintptr_t address)
{
	return (address + hook.page_bytes - 1) & ~((uintptr_t)hook.page_bytes - 1);
}

/** Account for a piece that was cut out of a range. */
static void uncount(const struct range *piece, int blocks)
{
	if (!(piece->flags & RANGE_IDLE)) {
		books_remove(piece->entry, piece->start, piece->bytes, blocks,
			     piece->flags & RANGE_SCOPE);
		books_done();
	}
}

static void cut(uintptr_t start, uintptr_t end)
{
	struct range piece;
	int blocks;
	uintptr_t from = start;
	while (unlikely(hook.sparse.count) && sparse_cut(from, end, &piece)) {
		from = piece.end;
	}
	while (ranges_cut(&hook.mappings, &hook.view, start, end, &piece, &blocks)) {
		uncount(&piece, blocks);
		start = piece.end;
	}
}

/** flags: RANGE_IDLE and RANGE_SCOPE. */
static void add_flagged(uint32_t entry, uintptr_t start, uintptr_t end, uint32_t flags)
{
	struct range range = { start, end, entry, flags, end - start };
	if (!entry || !ranges_add(&hook.mappings, &hook.view, &range)) {
		hook_missed(MISSED_NO_SPACE);
		return;
	}
	if (flags & RANGE_IDLE) {
		return;
	}
	books_add(entry, start, end - start, 1, flags & RANGE_SCOPE);
	books_done();
}

static void add(uint32_t entry, uintptr_t start, uintptr_t end, bool counted)
{
	uint32_t flags = counted && scope_account_takes(entry) ? RANGE_SCOPE : 0;
	add_flagged(entry, start, end, flags | (counted ? 0 : RANGE_IDLE));
}

/** Whether to record now; an operation that interrupted another is kept for later. */
static bool begin_or_defer(nesting_mark *mark, void *address, size_t bytes,
			   enum pending_operation operation)
{
	enum nesting nesting = nesting_begin(mark, operation == PENDING_UNMAP);
	if (nesting == NESTING_DEFER) {
		nesting_defer((struct pending){ address, bytes, operation, 0 }, MISSED_NESTED);
	}
	return nesting == NESTING_RECORD;
}

/** What is there of sparse mappings, before that changes. */
attr_inline void look(void)
{
	if (unlikely(hook.sparse.count)) {
		sparse_look();
	}
}

/** The entry of a mapping: that of its stack with the mapper below it. */
static uint32_t entry_of(struct thread *self, struct stack_frames frames, const void *caller)
{
	uint32_t node = stack_node(self, frames);
	return intern_entry(&hook.view, native_mapper_node((uintptr_t)caller, node));
}

/** As deferred, a sparse one counts as a whole. */
static enum pending_operation pending_of(enum mapping_kind kind)
{
	return kind == MAPPING_IDLE ? PENDING_MAP_IDLE : PENDING_MAP;
}

void record_map(struct thread *self, void *address, size_t bytes, enum mapping_kind kind,
		const void *caller)
{
	struct stack_frames frames = stack_read(self, NULL);
	if (likely(hook_lock())) {
		uintptr_t start = (uintptr_t)address;
		uintptr_t end = page_up(start + bytes);
		look();
		cut(start, end);
		uint32_t entry = entry_of(self, frames, caller);
		if (kind != MAPPING_SPARSE || !sparse_add(entry, start, end, caller)) {
			add(entry, start, end, kind != MAPPING_IDLE);
		}
		hook_unlock();
	} else {
		nesting_defer((struct pending){ address, bytes, pending_of(kind), 0 }, MISSED_LOCK);
	}
}

void record_look(void)
{
	nesting_mark mark = 0;
	if (hook.sparse.count && nesting_begin(&mark, false) == NESTING_RECORD) {
		if (hook_lock()) {
			look();
			hook_unlock();
		}
		nesting_end(&mark);
	}
}

void record_unmap(void *address, size_t bytes)
{
	if (likely(hook_lock())) {
		look();
		cut((uintptr_t)address, page_up((uintptr_t)address + bytes));
		hook_unlock();
	} else {
		nesting_defer((struct pending){ address, bytes, PENDING_UNMAP, 0 }, MISSED_LOCK);
	}
}

void record_mapping(void *address, size_t bytes, enum mapping_kind kind, const void *caller)
{
	nesting_mark mark = 0;
	if (begin_or_defer(&mark, address, bytes, pending_of(kind))) {
		record_map(thread_state.self, address, bytes, kind, caller);
		nesting_end(&mark);
	}
}

void record_unmapping(void *address, size_t bytes)
{
	nesting_mark mark = 0;
	if (begin_or_defer(&mark, address, bytes, PENDING_UNMAP)) {
		record_unmap(address, bytes);
		nesting_end(&mark);
	}
}

/** Part of a range in [start, end) that is to be counted, or no longer; false if there is none. */
static bool cut_other_kind(uintptr_t start, uintptr_t end, bool counted, struct range *ret_piece)
{
	while (start < end) {
		struct range_position at;
		if (!ranges_seek(&hook.mappings, &hook.view, start, &at)) {
			return false;
		}
		const struct range *range = ranges_at(&hook.mappings, &hook.view, at);
		if (range->start >= end) {
			return false;
		}
		if (!(range->flags & RANGE_IDLE) != counted) {
			uintptr_t from = range->start > start ? range->start : start;
			uintptr_t to = range->end < end ? range->end : end;
			int blocks;
			if (!ranges_cut(&hook.mappings, &hook.view, from, to, ret_piece, &blocks)) {
				return false;
			}
			uncount(ret_piece, blocks);
			return true;
		}
		start = range->end;
	}
	return false;
}

void record_protection(void *address, size_t bytes, bool counted, const void *caller)
{
	nesting_mark mark = 0;
	if (nesting_begin(&mark, false) != NESTING_RECORD) {
		return;
	}
	struct thread *self = thread_state.self;
	struct stack_frames frames = stack_read(self, NULL);
	if (hook_lock()) {
		uintptr_t start = (uintptr_t)address;
		uintptr_t end = page_up(start + bytes);
		struct range piece;
		while (cut_other_kind(start, end, counted, &piece)) {
			uint32_t entry = counted ? entry_of(self, frames, caller) : piece.entry;
			add(entry, piece.start, piece.end, counted);
			start = piece.end;
		}
		hook_unlock();
	} else {
		hook_missed(MISSED_LOCK);
	}
	nesting_end(&mark);
}

/** Keep a piece. Should it be put back where it was, what was sparse counts as a whole. */
static void moving_add(struct record_moving *moving, const struct range *piece)
{
	bool is_idle = piece->flags & RANGE_IDLE;
	moving->piece[moving->count].start = piece->start;
	moving->piece[moving->count].end = piece->end;
	moving->piece[moving->count].entry = piece->entry;
	moving->piece[moving->count].flags = piece->flags;
	moving->count++;
	moving->is_known = true;
	moving->is_counted |= !is_idle;
}

void record_moving_take(void *old, size_t bytes, struct record_moving *ret)
{
	nesting_mark mark = 0;
	memset(ret, 0, sizeof(*ret));
	if (!begin_or_defer(&mark, old, bytes, PENDING_UNMAP)) {
		return;
	}
	if (hook_lock()) {
		uintptr_t start = (uintptr_t)old;
		uintptr_t end = page_up(start + bytes);
		struct range piece;
		int blocks;
		look();
		for (uintptr_t from = start;
		     ret->count < MOVING_PIECES && sparse_cut(from, end, &piece);
		     from = piece.end) {
			moving_add(ret, &piece);
			ret->is_sparse = true;
		}
		/* One mapping of the kernel is one piece, but for neighbours that it has merged. */
		while (ret->count < MOVING_PIECES
		       && ranges_cut(&hook.mappings, &hook.view, start, end, &piece, &blocks)) {
			uncount(&piece, blocks);
			moving_add(ret, &piece);
			start = piece.end;
		}
		cut(start, end);
		hook_unlock();
	} else {
		nesting_defer((struct pending){ old, bytes, PENDING_UNMAP, 0 }, MISSED_LOCK);
	}
	nesting_end(&mark);
}

/** As it was; what the kernel has emptied is idle from now on. Under the lock. */
static void put_back(const struct record_moving *moving, uint32_t i, bool is_empty)
{
	uint32_t flags = moving->piece[i].flags & (RANGE_IDLE | RANGE_SCOPE);
	if (is_empty) {
		flags = RANGE_IDLE;
	} else if (!hook.scope_counts) {
		flags &= ~RANGE_SCOPE;
	}
	add_flagged(moving->piece[i].entry, moving->piece[i].start, moving->piece[i].end, flags);
}

static enum mapping_kind kind_of_moved(const struct record_moving *moving)
{
	if (moving->is_sparse) {
		return MAPPING_SPARSE;
	}
	return moving->is_counted ? MAPPING_COUNTED : MAPPING_IDLE;
}

void record_moving_put(const struct record_moving *moving, void *p, size_t bytes, bool keeps_old,
		       const void *caller)
{
	nesting_mark mark = 0;
	if (!moving->is_known) {
		return;
	}
	if (p) {
		record_mapping(p, bytes, kind_of_moved(moving), caller);
	}
	if ((p && !keeps_old) || nesting_begin(&mark, true) != NESTING_RECORD) {
		return;
	}
	if (hook_lock()) {
		for (uint32_t i = 0; i < moving->count; i++) {
			put_back(moving, i, keeps_old);
		}
		hook_unlock();
	}
	nesting_end(&mark);
}
