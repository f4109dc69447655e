// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/sparse.h"

#include "core/base/sys.h"
#include "core/hook/books.h"
#include "core/hook/hook.h"
#include "core/hook/scope_account.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

/** Smaller ones count as a whole: jemalloc takes what it needs now, and some more, so. */
#define SPARSE_BYTES_MIN ((size_t)64 << 20)
/** A look may take one part of the time in so many. */
#define LOOK_PARTS 50u

static struct sparse_mapping *table(void)
{
	return hook.view.slot->sparse;
}

bool sparse_is(int flags, size_t bytes)
{
	return (flags & (MAP_NORESERVE | MAP_PRIVATE)) == (MAP_NORESERVE | MAP_PRIVATE)
		&& bytes >= SPARSE_BYTES_MIN && !hook.sparse.is_blind
		/* There, what is asked for counts. */
		&& !(hook.ceiling.is_set && hook.ceiling.metric == CEILING_ALLOCATED);
}

/** One that is not used; NULL: all are. */
static struct sparse_mapping *find_room(void)
{
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		if (!table()[i].entry) {
			return &table()[i];
		}
	}
	return NULL;
}

/** Write one down. The entry last: it says that the rest is there. */
static void fill(struct sparse_mapping *mapping, uint32_t entry, uintptr_t start, uintptr_t end,
		 uint32_t flags, uintptr_t caller)
{
	hook.sparse.caller[mapping - table()] = caller;
	mapping->start = start;
	mapping->end = end;
	mapping->touched_bytes = 0;
	mapping->flags = flags;
	barrier_compiler();
	mapping->entry = entry;
	hook.sparse.count++;
}

bool sparse_add(uint32_t entry, uintptr_t start, uintptr_t end, const void *caller)
{
	struct sparse_mapping *mapping = find_room();
	if (!entry || !mapping) {
		return false;
	}
	fill(mapping, entry, start, end, scope_account_takes(entry) ? RANGE_SCOPE : 0,
	     (uintptr_t)caller);
	books_add(entry, start, 0, 1, mapping->flags & RANGE_SCOPE);
	books_done();
	return true;
}

static uint64_t now_ns(void)
{
	struct sys_timespec now = { 0, 0 };
	sys_call2(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.seconds * 1000000000u + (uint64_t)now.nanoseconds;
}

/** Bytes of the pages that are there. */
static uint64_t count_touched(const struct sparse_mapping *mapping)
{
	/* A byte for each page. */
	unsigned char *pages = (unsigned char *)hook.text;
	uint64_t step = sizeof(hook.text) * (uint64_t)hook.page_bytes;
	uint64_t touched = 0;
	for (uint64_t at = mapping->start; at < mapping->end; at += step) {
		uint64_t bytes = mapping->end - at < step ? mapping->end - at : step;
		if (sys_failed(sys_call3(SYS_mincore, at, bytes, pages))) {
			/* A part was unmapped unseen. */
			break;
		}
		for (uint64_t i = 0; i < bytes / hook.page_bytes; i++) {
			touched += pages[i] & 1;
		}
	}
	return touched * hook.page_bytes;
}

/** What was counted, now is. */
static void settle(struct sparse_mapping *mapping, uint64_t touched)
{
	uint64_t before = mapping->touched_bytes;
	bool is_scoped = mapping->flags & RANGE_SCOPE;
	if (touched == before) {
		return;
	}
	if (touched > before) {
		books_add(mapping->entry, mapping->start, touched - before, 0, is_scoped);
	} else {
		books_remove(mapping->entry, mapping->start, before - touched, 0, is_scoped);
	}
	mapping->touched_bytes = touched;
	books_done();
}

void sparse_look(void)
{
	store_relaxed(&hook.view.header->totals.look_wanted, 0);
	if (!hook.sparse.count || hook.sparse.is_blind) {
		return;
	}
	uint64_t start_ns = now_ns();
	if (start_ns < hook.sparse.next_look_ns) {
		return;
	}
	uint64_t touched[SPARSE_MAX];
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		touched[i] = table()[i].entry ? count_touched(&table()[i]) : 0;
	}
	/* What one has lost another may have: first the losses, so that the sum is not too high. */
	for (int is_more = 0; is_more <= 1; is_more++) {
		for (uint32_t i = 0; i < SPARSE_MAX; i++) {
			struct sparse_mapping *at = &table()[i];
			if (at->entry && (touched[i] > at->touched_bytes) == is_more) {
				settle(at, touched[i]);
			}
		}
	}
	uint64_t end_ns = now_ns();
	hook.sparse.next_look_ns = end_ns + (end_ns - start_ns) * LOOK_PARTS;
}

/** Off the books as a whole. */
static void drop(struct sparse_mapping *mapping)
{
	books_remove(mapping->entry, mapping->start, mapping->touched_bytes, 1,
		     mapping->flags & RANGE_SCOPE);
	mapping->touched_bytes = 0;
	mapping->entry = 0;
	books_done();
	hook.sparse.count--;
}

void sparse_drop_of(uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		if (table()[i].entry && hook.sparse.caller[i] - start < end - start) {
			drop(&table()[i]);
		}
	}
}

/** A part stays, with what is there of it; it is no new allocation. */
static void keep(const struct sparse_mapping *whole, uintptr_t caller, uintptr_t start,
		 uintptr_t end)
{
	struct sparse_mapping *part = start < end ? find_room() : NULL;
	if (part) {
		fill(part, whole->entry, start, end, whole->flags, caller);
		uint64_t touched = hook.sparse.is_blind ? 0 : count_touched(part);
		books_restore(whole->entry, start, touched, whole->flags & RANGE_SCOPE);
		part->touched_bytes = touched;
		books_done();
	}
}

bool sparse_cut(uintptr_t start, uintptr_t end, struct range *ret_piece)
{
	for (uint32_t i = 0; hook.sparse.count && i < SPARSE_MAX; i++) {
		struct sparse_mapping whole = table()[i];
		uintptr_t caller = hook.sparse.caller[i];
		if (!whole.entry || whole.start >= end || whole.end <= start) {
			continue;
		}
		*ret_piece = (struct range){
			.start = whole.start > start ? whole.start : start,
			.end = whole.end < end ? whole.end : end,
			.entry = whole.entry,
			.flags = whole.flags,
		};
		ret_piece->bytes = ret_piece->end - ret_piece->start;
		drop(&table()[i]);
		keep(&whole, caller, whole.start, ret_piece->start);
		keep(&whole, caller, ret_piece->end, whole.end);
		return true;
	}
	return false;
}

void sparse_forget(void)
{
	memset(table(), 0, sizeof(hook.view.slot->sparse));
	hook.sparse.count = 0;
	hook.sparse.next_look_ns = 0;
}
