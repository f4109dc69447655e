// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/promise.h"

#include "core/base/atomic.h"
#include "core/hook/hook.h"

void promise_reserve(struct thread *self, uint64_t bytes)
{
	store_relaxed(&self->reserved, bytes);
}

uint64_t promise_others(const struct thread *self)
{
	uint64_t bytes = 0;
	for (const struct thread *thread = hook.threads.all; thread; thread = thread->next) {
		bytes += thread != self ? load_acquire(&thread->reserved) : 0;
	}
	return bytes;
}

void promise_settle(struct thread *self)
{
	add_relaxed(&hook.ceiling.promises.granted_bytes, self->reserved);
	/* Pairs with promise_others: the block is on the books. */
	store_release(&self->reserved, 0);
}

/** Forget what was promised all the time while much else was granted. */
static void forget(struct promises *promises)
{
	uint64_t granted_bytes = load_relaxed(&promises->granted_bytes);
	if (promises->open_bytes < promises->least_bytes) {
		promises->least_bytes = promises->open_bytes;
	}
	if (granted_bytes - promises->least_since > hook.ceiling.limit_bytes) {
		promises->open_bytes -= promises->least_bytes;
		promises->least_bytes = promises->open_bytes;
		promises->least_since = granted_bytes;
	}
}

uint64_t promise_open(uint64_t touched_bytes, uint64_t live_bytes)
{
	struct promises *promises = &hook.ceiling.promises;
	int64_t open_bytes = (int64_t)promises->open_bytes
		+ (int64_t)(live_bytes - promises->live_then)
		- (int64_t)(touched_bytes - promises->touched_then);
	promises->open_bytes = promises->is_set && open_bytes > 0 ? (uint64_t)open_bytes : 0;
	promises->is_set = 1;
	promises->touched_then = touched_bytes;
	promises->live_then = live_bytes;
	forget(promises);
	return promises->open_bytes;
}
