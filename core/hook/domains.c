// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/domains.h"

#include "core/hook/hook.h"
#include "core/hook/record.h"
#include "core/stack/native_machine.h"

/* PyMemAllocatorDomain, Include/cpython/pymem.h. The third, RAW (0), is malloc itself. */
static const int domain_numbers[DOMAIN_COUNT] = { 1 /* MEM */, 2 /* OBJ */ };

/** The interpreter raises MemoryError. */
static attr_cold void *refuse(size_t size)
{
	record_allocation(NULL, size, BLOCK_OBJECT, native_frame_here());
	return NULL;
}

attr_inline void *do_malloc(const struct python_allocator *behind, size_t size)
{
	hook_enter();
	void *block = behind->malloc(behind->context, size);
	hook_leave();
	record_allocation(block, size, BLOCK_OBJECT, native_frame_here());
	return block;
}

attr_inline void *do_calloc(const struct python_allocator *behind, size_t count, size_t size)
{
	hook_enter();
	void *block = behind->calloc(behind->context, count, size);
	hook_leave();
	/* The callers have checked that the product fits. */
	record_allocation(block, count * size, BLOCK_OBJECT, native_frame_here());
	return block;
}

attr_inline void *do_realloc(const struct python_allocator *behind, void *block, size_t size)
{
	struct record_block taken = record_take(block);
	hook_enter();
	void *moved = behind->realloc(behind->context, block, size);
	hook_leave();
	if (moved == NULL) {
		record_put_back(block, taken, BLOCK_OBJECT);
	}
	record_allocation(moved, size, BLOCK_OBJECT, native_frame_here());
	return moved;
}

static void *domain_malloc(void *context, size_t size)
{
	return ceiling_pass(size, 0, do_malloc(context, size), refuse(size), passed_ != NULL);
}

static void *domain_calloc(void *context, size_t count, size_t size)
{
	return ceiling_pass(count * size, 0, do_calloc(context, count, size),
			    refuse(count * size), passed_ != NULL);
}

static void *domain_realloc(void *context, void *block, size_t size)
{
	return ceiling_pass(size, record_size(block), do_realloc(context, block, size),
			    refuse(size), passed_ != NULL);
}

static void domain_free(void *context, void *block)
{
	const struct python_allocator *behind = context;
	record_free(block);
	hook_enter();
	behind->free(behind->context, block);
	hook_leave();
}

/**
 * Put a layer of wrappers in front of whatever serves the domains now, if that is not a wrapper.
 * On top of somebody else's that has ours behind it, nothing is counted twice: the inner one is
 * called from inside ours.
 */
static void wrap(struct python_allocator *layer)
{
	const struct python_symbols *symbols = &hook.python.symbols;
	for (int i = 0; i < DOMAIN_COUNT; i++) {
		struct python_allocator now;
		symbols->get_allocator(domain_numbers[i], &now);
		if (now.malloc == domain_malloc) {
			continue;
		}
		layer[i] = now;
		struct python_allocator ours = { &layer[i], domain_malloc, domain_calloc,
						 domain_realloc, domain_free };
		symbols->set_allocator(domain_numbers[i], &ours);
	}
	hook.view.slot->image_flags |= IMAGE_DOMAINS_WRAPPED;
}

static bool can_wrap(void)
{
	return hook.python.symbols.get_allocator != NULL
		&& hook.python.symbols.set_allocator != NULL;
}

void domains_wrap(void)
{
	if (can_wrap() && !hook.domains.stays) {
		wrap(hook.domains.behind[0]);
	}
}

void domains_unwrap(void)
{
	const struct python_symbols *symbols = &hook.python.symbols;
	if (!can_wrap() || hook.domains.stays) {
		return;
	}
	for (int i = 0; i < DOMAIN_COUNT; i++) {
		struct python_allocator now;
		symbols->get_allocator(domain_numbers[i], &now);
		if (now.malloc != domain_malloc) {
			hook.domains.stays = true;
		} else {
			struct python_allocator behind = *(struct python_allocator *)now.context;
			symbols->set_allocator(domain_numbers[i], &behind);
		}
	}
}

void domains_settle(void)
{
	uint32_t unsettled = 0;
	if (!can_wrap() || !python_may_change(&hook.python)
	    || !cas_acq_rel(&hook.domains.settled, &unsettled, 1)) {
		return;
	}
	wrap(hook.domains.behind[1]);
	/* Of what its own allocator has mapped while there was nothing in front of it, as it is if
	   debug hooks were put in our place, each block is known from now on. */
	if (hook_lock()) {
		sparse_drop_of(hook.python.image_start, hook.python.image_end);
		hook_unlock();
	}
}

bool domains_are_wrapped(void)
{
	for (int i = 0; can_wrap() && i < DOMAIN_COUNT; i++) {
		struct python_allocator now;
		hook.python.symbols.get_allocator(domain_numbers[i], &now);
		if (now.malloc != domain_malloc) {
			return false;
		}
	}
	return true;
}
