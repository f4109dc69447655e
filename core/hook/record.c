// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/record.h"

#include "core/hook/books.h"
#include "core/hook/nesting.h"
#include "core/hook/record_beside.h"
#include "core/hook/request.h"
#include "core/hook/scope_account.h"
#include "core/hook/stack.h"
#include "core/shm/account.h"
#include "core/shm/intern.h"

/** Without the tag that pointers may carry on aarch64 (top byte ignore). */
attr_inline uintptr_t address_of(const void *p)
{
#if defined(__aarch64__)
	return (uintptr_t)p & (((uintptr_t)1 << 56) - 1);
#else
	return (uintptr_t)p;
#endif
}

/** A block of the other table: too large for the first. Its size. */
static attr_cold uint64_t forget_large(uintptr_t address)
{
	struct range_position at;
	if (!ranges_seek(&hook.large_blocks, &hook.view, address, &at)
	    || ranges_at(&hook.large_blocks, &hook.view, at)->start != address) {
		return LIVE_SIZE_LARGE;
	}
	uint64_t bytes = ranges_at(&hook.large_blocks, &hook.view, at)->bytes;
	ranges_remove(&hook.large_blocks, &hook.view, at);
	return bytes;
}

/**
 * Take whatever is known at address off the books. Under the lock. is_plain, here and below: there
 * is no scope with an account of its own and no ledger, and neither is looked at.
 */
attr_inline struct record_block forget_block(uintptr_t address, bool is_plain)
{
	struct live_place place;
	if (!live_seek(&hook.live, &hook.view, address, &place)) {
		if (unlikely(hook.codes.has_unflagged)) {
			codes_forget_unflagged(&hook.codes, address);
		}
		return (struct record_block){ 0 };
	}
	struct live_block block = live_unpack(*place.word);
	struct record_block taken = { block.size, block.entry, block.flags };
	if (unlikely(block.size == LIVE_SIZE_LARGE)) {
		taken.bytes = forget_large(address);
	}
	account_remove(&hook.view.slot->intent, &hook.view.header->totals,
		       view_entry(&hook.view, block.entry), block.entry, address, taken.bytes, 1);
	if (!is_plain && hook.scope_counts && block.flags & LIVE_SCOPE) {
		scope_account_remove(block.entry, address, taken.bytes, 1);
	}
	live_erase(&hook.live, &hook.view, place);
	account_done(&hook.view.slot->intent);
	if (!is_plain) {
		scope_account_done();
	}
	if (unlikely(block.flags & LIVE_CODE)) {
		codes_forget(&hook.codes, address);
	}
	return taken;
}

/**
 * Log2 of the spacing that a page with this block may have. pymalloc fills a page with blocks of
 * one size, in steps of 16. A malloc mixes sizes; half the block's is a compromise between an empty
 * slab and a page that is rebuilt.
 */
attr_inline unsigned guess_granule(uint64_t bytes, enum block_kind kind)
{
	uint64_t spacing = kind == BLOCK_OBJECT ? bytes + 15 : bytes / 2;
	unsigned granule = spacing ? 63 - (unsigned)__builtin_clzll(spacing) : 0;
	if (granule < kind) {
		return kind;
	}
	return granule < LIVE_PAGE_SHIFT ? granule : LIVE_PAGE_SHIFT;
}

/** Place a block where that takes more than a store: in an empty page, or over a lost block. */
static attr_cold enum live_result place_slowly(uintptr_t address, struct live_block block,
					       unsigned granule)
{
	enum live_result result =
		live_insert_slowly(&hook.live, &hook.view, address, block, granule);
	if (result == LIVE_OCCUPIED) {
		forget_block(address, false);
		hook_missed(MISSED_LOST_FREE);
		result = live_insert(&hook.live, &hook.view, address, block, granule);
	}
	return result;
}

/** Put a block into the tables; false if there is no space. Under the lock. */
attr_inline bool place_block(uintptr_t address, uint32_t entry, uint64_t bytes, uint32_t flags,
			     enum block_kind kind)
{
	struct live_block block = { .entry = entry, .flags = flags };
	block.size = bytes < LIVE_SIZE_LARGE ? (uint32_t)bytes : LIVE_SIZE_LARGE;
	if (unlikely(!live_insert_quickly(&hook.live, &hook.view, address, block))
	    && place_slowly(address, block, guess_granule(bytes, kind)) != LIVE_INSERTED) {
		return false;
	}
	if (unlikely(block.size == LIVE_SIZE_LARGE)) {
		struct range range = { address, address + bytes, entry, RANGE_BLOCK, bytes };
		return ranges_add(&hook.large_blocks, &hook.view, &range);
	}
	return true;
}

attr_inline void add_block(struct thread *self, struct stack_frames frames, uintptr_t address,
			   uint64_t bytes, enum block_kind kind, bool is_plain)
{
	struct totals *totals = &hook.view.header->totals;
	if (unlikely(load_relaxed(&totals->look_wanted))) {
		sparse_look();
	}
	uint32_t node = stack_node(self, frames);
	uint32_t entry = intern_entry(&hook.view, node);
	stack_publish(self, node, totals->allocations);
	uint32_t flags = !is_plain && scope_account_takes(entry) ? LIVE_SCOPE : 0;
	/* The block first: if it finds no place, nothing has been counted. Its free would find it,
	   but cannot come before we return. */
	if (unlikely(!entry || entry > LIVE_ENTRY_MAX
		     || !place_block(address, entry, bytes, flags, kind))) {
		hook_missed(MISSED_NO_SPACE);
		return;
	}
	account_add(&hook.view.slot->intent, totals, view_entry(&hook.view, entry), entry, address,
		    bytes, 1);
	if (flags) {
		scope_account_add(entry, address, bytes, 1);
	}
	account_done(&hook.view.slot->intent);
	if (flags) {
		scope_account_done();
	}
}

/**
 * An allocation of bytes was refused: keep its stack, and let the supervisor look at what is live.
 */
static attr_cold void add_refusal(struct thread *self, uint64_t bytes)
{
	struct slot *slot = hook.view.slot;
	uint32_t node = 0;
	stack_look_for_python(self);
	struct stack_frames frames = stack_read(self, NULL);
	if (hook_lock()) {
		node = stack_node(self, frames);
		slot->failed_bytes = bytes;
		slot->failed_node = node;
		slot->failed_count++;
		hook_unlock();
	}
	if (!ceiling_kernel_refused(node, bytes)) {
		request_failed_allocation(node, bytes);
	}
}

/**
 * Threads record in ledgers of their own, and there is no scope beside the run. Not before what
 * this thread has put off is recorded: it may have put off the block that it now frees.
 */
static bool is_beside_others(const struct thread *self)
{
	return load_relaxed(&hook.ledgers.state) == LEDGERS_OPEN
		&& hook.gate->recording == RECORDING && self->pending_head == self->pending_tail;
}

/** Before the lock is released. */
static void end_of_operation(void)
{
	if (hook.ledgers.state == LEDGERS_WANTED) {
		ledgers_open();
	}
}

attr_inline void add(struct thread *self, void *p, size_t bytes, enum block_kind kind,
		     const uintptr_t *frame, bool is_plain)
{
	stack_look_for_python(self);
	struct stack_frames frames = stack_read(self, frame);
	if (!is_plain && is_beside_others(self)
	    && record_beside_add(self, frames, address_of(p), bytes)) {
		return;
	}
	if (likely(hook_lock())) {
		add_block(self, frames, address_of(p), bytes, kind, is_plain);
		if (!is_plain) {
			end_of_operation();
		}
		hook_unlock();
	} else {
		nesting_defer((struct pending){ p, bytes, PENDING_ADD, kind }, MISSED_LOCK);
	}
}

attr_inline struct record_block take(void *p, bool is_plain)
{
	struct record_block block = { 0 };
	if (!is_plain && is_beside_others(thread_state.self)
	    && record_beside_take(thread_state.self, address_of(p), &block)) {
		return block;
	}
	if (likely(hook_lock())) {
		block = forget_block(address_of(p), is_plain);
		if (!is_plain) {
			end_of_operation();
		}
		hook_unlock();
	} else {
		nesting_defer((struct pending){ p, 0, PENDING_FREE, 0 }, MISSED_LOCK);
	}
	return block;
}

void record_deferred(struct thread *self, struct pending operation)
{
	switch ((enum pending_operation)operation.operation) {
	case PENDING_ADD:
		add(self, operation.address, operation.bytes, operation.kind, NULL, false);
		break;
	case PENDING_FREE:
		take(operation.address, false);
		break;
	case PENDING_MAP:
	case PENDING_MAP_IDLE:
		record_map(self, operation.address, operation.bytes,
			   operation.operation == PENDING_MAP ? MAPPING_COUNTED : MAPPING_IDLE,
			   NULL);
		break;
	case PENDING_UNMAP:
		record_unmap(operation.address, operation.bytes);
		break;
	}
}

/**
 * Nothing but the run is recorded, and all of it in one place: the way of nearly all operations,
 * which is kept short.
 */
attr_inline bool is_plain_run(void)
{
	return likely(hook.gate) && likely(hook.gate->recording == RECORDING)
		&& likely(load_relaxed(&hook.ledgers.state) == LEDGERS_CLOSED);
}

attr_inline void allocation(void *p, size_t bytes, enum block_kind kind, const uintptr_t *frame,
			    bool is_plain)
{
	nesting_mark mark = 0;
	switch (nesting_begin(&mark, false)) {
	case NESTING_NONE:
		return;
	case NESTING_DEFER:
		if (p) {
			nesting_defer((struct pending){ p, bytes, PENDING_ADD, kind },
				      MISSED_NESTED);
		}
		return;
	case NESTING_RECORD:
		if (unlikely(!p)) {
			add_refusal(thread_state.self, bytes);
		} else {
			add(thread_state.self, p, bytes, kind, frame, is_plain);
		}
		nesting_end(&mark);
	}
}

static attr_noinline void allocation_not_plain(void *p, size_t bytes, enum block_kind kind,
					       const uintptr_t *frame)
{
	allocation(p, bytes, kind, frame, false);
}

attr_cold void record_refused_mapping(size_t bytes)
{
	allocation_not_plain(NULL, bytes, BLOCK_MALLOC, NULL);
}

void record_allocation(void *p, size_t bytes, enum block_kind kind, const uintptr_t *frame)
{
	if (is_plain_run()) {
		allocation(p, bytes, kind, frame, true);
	} else {
		allocation_not_plain(p, bytes, kind, frame);
	}
}

attr_inline struct record_block removal(void *p, bool is_plain)
{
	struct record_block block = { 0 };
	nesting_mark mark = 0;
	/* Of many blocks, this one's word is far away, and so is what the allocator keeps before
	   the block. Both are needed behind the lock, past which no processor looks ahead: fetched
	   at the same time they cost one wait, not two. */
	__builtin_prefetch((const char *)p - sizeof(void *), 1);
	live_prefetch(&hook.live, &hook.view, address_of(p));
	switch (p ? nesting_begin(&mark, true) : NESTING_NONE) {
	case NESTING_NONE:
		break;
	case NESTING_DEFER:
		nesting_defer((struct pending){ p, 0, PENDING_FREE, 0 }, MISSED_NESTED);
		break;
	case NESTING_RECORD:
		block = take(p, is_plain);
		nesting_end(&mark);
	}
	return block;
}

static attr_noinline struct record_block removal_not_plain(void *p)
{
	return removal(p, false);
}

attr_inline struct record_block take_if_recorded(void *p)
{
	return is_plain_run() ? removal(p, true) : removal_not_plain(p);
}

struct record_block record_take(void *p)
{
	return take_if_recorded(p);
}

/** The size of the block at address, as the ceiling counts it. Under the lock. */
static uint64_t known_size(uintptr_t address)
{
	struct live_place place;
	struct range_position at;
	uint64_t bytes = 0;
	if (live_seek(&hook.live, &hook.view, address, &place)) {
		struct live_block block = live_unpack(*place.word);
		/* A ceiling that only the scope has knows its blocks. */
		bool is_known = !hook.scope_counts || block.flags & LIVE_SCOPE;
		bytes = is_known ? block.size : 0;
		if (bytes == LIVE_SIZE_LARGE
		    && ranges_seek(&hook.large_blocks, &hook.view, address, &at)) {
			bytes = ranges_at(&hook.large_blocks, &hook.view, at)->bytes;
		}
	}
	return bytes;
}

attr_cold uint64_t record_size(void *p)
{
	nesting_mark mark = 0;
	uint64_t bytes = 0;
	/* An operation, so that a signal handler leaves the lock alone, or gives it back. */
	if (nesting_begin(&mark, true) != NESTING_RECORD) {
		return 0;
	}
	if (hook_lock()) {
		bytes = known_size(address_of(p));
		hook_unlock();
	}
	nesting_end(&mark);
	return bytes;
}

void record_free(void *p)
{
	if (unlikely(hook.ceiling.is_set) && p && ceiling_wants_frees()) {
		uint64_t bytes = record_size(p);
		ceiling_look_before_free(bytes);
		ceiling_forget_block(bytes);
	}
	take_if_recorded(p);
}

static attr_cold void put_back(uintptr_t address, struct record_block block, enum block_kind kind)
{
	if (!place_block(address, block.entry, block.bytes, block.flags, kind)) {
		hook_missed(MISSED_NO_SPACE);
		return;
	}
	books_restore(block.entry, address, block.bytes, block.flags & LIVE_SCOPE);
	books_done();
}

void record_put_back(void *p, struct record_block block, enum block_kind kind)
{
	nesting_mark mark = 0;
	if (!block.entry || nesting_begin(&mark, true) != NESTING_RECORD) {
		return;
	}
	if (hook_lock()) {
		put_back(address_of(p), block, kind);
		hook_unlock();
	} else {
		hook_missed(MISSED_LOCK);
	}
	nesting_end(&mark);
}
