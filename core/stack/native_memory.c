// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_memory.h"

#include "core/base/sys.h"

/* Pages may be larger, never smaller: then some are asked for twice. */
#define PAGE ((uintptr_t)4096)
/** What lies further off is looked at by itself: a large frame, or no stack. */
#define EXTENDED_AT_ONCE (16 * PAGE)
/** Further than this below what is known of a thread's stack is another stack. */
#define GROWTH_MAX ((uintptr_t)1 << 30)

bool native_can_read(uintptr_t address)
{
	/* The kernel reads the set before it finds that there is no such operation. */
	const long no_operation = -1;
	const size_t set_bytes = 8;
	return sys_call4(SYS_rt_sigprocmask, no_operation, address & ~(PAGE - 1), NULL, set_bytes)
		== -SYS_EINVAL;
}

bool native_span_extend(struct native_span *span, uintptr_t address)
{
	if (address < span->low) {
		return false;
	}
	if (address - span->high >= EXTENDED_AT_ONCE) {
		return native_can_read(address);
	}
	while (span->high <= address) {
		if (!native_can_read(span->high)) {
			return false;
		}
		span->high = (span->high & ~(PAGE - 1)) + PAGE;
	}
	return true;
}

/** The thread's stack has grown: see which pages below the known ones are there, down to sp. */
static void grow_down(uintptr_t sp, struct native_span *thread)
{
	while (sp < thread->low && native_can_read(thread->low - 1)) {
		thread->low = (thread->low - 1) & ~(PAGE - 1);
	}
}

struct native_span native_span_below(uintptr_t frame)
{
	uintptr_t high = (frame & ~(PAGE - 1)) + PAGE;
	return (struct native_span){ frame, native_can_read(high) ? high + PAGE : high };
}

struct native_span native_span_of(uintptr_t sp, struct native_span *thread)
{
	if (unlikely(sp < thread->low) && thread->low - sp <= GROWTH_MAX) {
		grow_down(sp, thread);
	}
	if (likely(sp - thread->low < thread->high - thread->low)) {
		return (struct native_span){ sp, thread->high };
	}
	return (struct native_span){ sp, (sp & ~(PAGE - 1)) + PAGE };
}
