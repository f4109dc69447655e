// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/ceiling.h"

#include "core/base/saturate.h"
#include "core/hook/hook.h"
#include "core/hook/nesting.h"
#include "core/hook/others.h"
#include "core/hook/request.h"
#include "core/hook/stack.h"
#include "oomsim/ceiling.h"

#include <limits.h>

/**
 * A thread that touches waits for another's reading, which takes ten microseconds, or as long as
 * the reader has no processor: first it only lets others run.
 */
#define TURNS_MAX 120
#define TURNS_SHORT 20
#define TURN_NS 500000

/**
 * What a thread may ask for without a look, if the next reading is further away than GRANT_FROM: at
 * the reading, which ends all grants, so much may be counted that is not asked for yet.
 */
#define GRANT_BYTES ((uint64_t)64 << 10)
#define GRANT_FROM_BYTES (2 * CEILING_GRAIN_BYTES)

/** In what steps allocators hand out blocks. */
#define BLOCK_STEP_BYTES 16u

/** What a ceiling is compared with at one moment. */
struct finding {
	uint64_t used_bytes;
	uint64_t asked_bytes;
};

void ceiling_start(const struct segment_ceiling *set)
{
	struct ceiling *ceiling = &hook.ceiling;
	ceiling->metric = set->metric;
	ceiling->action = set->action;
	ceiling->limit_bytes = set->limit_bytes;
	ceiling->fail_at = set->fail_at;
	ceiling->next_reading = CEILING_GRAIN_BYTES;
	ceiling->grant_number = 1;
	/* Until something is read: an image begins with little, and one thread. */
	ceiling->fault_gap = set->limit_bytes;
	ceiling->threads = 1;
	ceiling->is_set = set->metric != CEILING_NONE || set->fail_at != 0;
}

void ceiling_go_blind(void)
{
	store_relaxed(&hook.ceiling.is_blind, 1);
	/* A forked child that gives up system calls is no reason to say so of its parent. */
	if (hook.ceiling.metric == CEILING_RESIDENT && hook.gate && hook.gate->recording) {
		hook.view.slot->image_flags |= IMAGE_CEILING_BLIND;
	}
}

/** Only where an operation could be recorded, so that the stack can be told. */
static bool can_decide(void)
{
	return hook.gate
		&& (hook.gate->recording == RECORDING || hook.gate->recording == RECORDING_SCOPE)
		&& !thread_state.inside && !thread_state.recording;
}

/* ---- what the kernel charges ---- */

/** Bytes of the segment that are in our shared memory and are not the workload's. */
static uint64_t segment_bytes(void)
{
	uint64_t bytes;
	if (hook.view.header->flags & SEGMENT_IS_FILE_PAGES) {
		return 0;
	}
	return sys_file_bytes(hook.segment, &bytes) ? bytes : 0;
}

/**
 * The text of a file of /proc; false if it cannot be had. (Of this thread and not of the process:
 * that tells nothing once its first thread has ended.)
 */
static bool read_text(const char *path, char *text, size_t size)
{
	long fd = sys_open(path, SYS_O_RDONLY | SYS_O_CLOEXEC);
	if (sys_failed(fd)) {
		return false;
	}
	long len = sys_read((int)fd, text, size - 1);
	sys_close((int)fd);
	text[sys_failed(len) ? 0 : len] = 0;
	return !sys_failed(len);
}

/** When to read next, from what is used now and what of the books was never touched. */
static void schedule(struct ceiling *ceiling, uint64_t used_bytes, uint64_t untouched)
{
	/* What is granted now is asked for later, beside what is granted then. */
	uint32_t grant_number = load_relaxed(&ceiling->grant_number) + 1;
	store_relaxed(&ceiling->grant_number, grant_number ? grant_number : 1);
	uint64_t asked_total = load_relaxed(&ceiling->asked_total);
	uint64_t gap = saturated_difference(ceiling->limit_bytes, used_bytes);
	store_relaxed(&ceiling->safe_until, asked_total + saturated_difference(gap, untouched));
	if (gap > CEILING_RESERVE_BYTES) {
		store_relaxed(&ceiling->is_crossed, 0);
	}
	store_relaxed(&ceiling->next_reading,
		      load_relaxed(&ceiling->is_crossed)
			      ? asked_total + CEILING_SMALL_BYTES
			      : ceiling_next_reading(asked_total, gap, untouched));
}

/** What faults may bring from now on, and what their growth is measured from. */
static void schedule_faults(struct ceiling *ceiling, const struct charge *charge,
			    uint64_t used_bytes)
{
	uint64_t breach_bytes = ceiling_with_margin(ceiling->limit_bytes);
	store_relaxed(&ceiling->fault_gap, saturated_difference(breach_bytes, used_bytes));
	store_relaxed(&hook.faults.counted, 0);
	store_relaxed(&ceiling->threads, charge->threads);
	ceiling->anonymous_then = charge->anonymous_bytes;
	ceiling->shared_then = ceiling_parse_resident(ceiling->text) - charge->anonymous_bytes;
}

/** Has a handler of this thread left the reading that it interrupted, by longjmp? */
static bool is_own_and_left(const struct ceiling *ceiling, const nesting_mark *mark)
{
	return load_relaxed(&ceiling->reader) == (uint32_t)sys_gettid()
		&& nesting_was_left(ceiling->reader_mark, mark);
}

/**
 * Begin to read, with a mark of the calling function: one thread at a time, and never into a
 * reading that a handler interrupted.
 */
static bool reading_begin(struct ceiling *ceiling, nesting_mark *mark)
{
	uint32_t nobody = 0;
	if (load_relaxed(&ceiling->is_blind)
	    || (!cas_acq_rel(&ceiling->reader, &nobody, (uint32_t)sys_gettid())
		&& !is_own_and_left(ceiling, mark))) {
		return false;
	}
	ceiling->reader_mark = mark;
	*mark = NESTING_MARK ^ (uintptr_t)mark;
	return true;
}

static void reading_end(struct ceiling *ceiling, nesting_mark *mark)
{
	*mark = 0;
	/* Pairs with the CAS in reading_begin: the text is another's. */
	store_release(&ceiling->reader, 0);
}

/** A thread that ended, or never came back from a handler, while it read: let others read. */
static void forget_dead_reader(struct ceiling *ceiling, uint32_t reader)
{
	if (reader && sys_tgkill((int)hook.pid, (int)reader, 0) == -SYS_ESRCH) {
		cas_acq_rel(&ceiling->reader, &reader, 0u);
	}
}

/** The same once another thread has read: one that touches shall not go on meanwhile. */
static bool reading_begin_in_turn(struct ceiling *ceiling, nesting_mark *mark)
{
	uint32_t self = (uint32_t)sys_gettid();
	for (int i = 0; i < TURNS_MAX && !load_relaxed(&ceiling->is_blind); i++) {
		uint32_t reader = load_relaxed(&ceiling->reader);
		if ((!reader || reader == self) && reading_begin(ceiling, mark)) {
			return true;
		} else if (reader == self) {
			return false;
		} else if (i < TURNS_SHORT) {
			sys_sched_yield();
		} else if (reader) {
			struct sys_timespec wait = { 0, TURN_NS };
			sys_futex_wait(&ceiling->reader, reader, &wait);
		}
	}
	forget_dead_reader(ceiling, load_relaxed(&ceiling->reader));
	return false;
}

/**
 * What is charged to us and the processes below us, by whoever has begun a reading. False if that
 * cannot be read.
 */
static bool read_in_turn(struct ceiling *ceiling, struct charge *ret_charge, uint64_t *ret_bytes)
{
	if (!read_text("/proc/thread-self/status", ceiling->text, sizeof(ceiling->text))
	    || !ceiling_parse_status(ceiling->text, segment_bytes(), ret_charge)) {
		ceiling_go_blind();
		return false;
	}
	*ret_bytes =
		charge_sum(ret_charge) + load_relaxed(&hook.view.header->ceiling.others_bytes);
	schedule_faults(ceiling, ret_charge, *ret_bytes);
	return true;
}

/**
 * The same for who only looks. is_allocation: when the next allocations are looked at follows from
 * it, and another thread that reads now does for both.
 */
static bool read_charge(struct ceiling *ceiling, bool is_allocation, uint64_t *ret_bytes)
{
	struct charge charge;
	nesting_mark mark = 0;
	if (is_allocation ? !reading_begin(ceiling, &mark)
			  : !reading_begin_in_turn(ceiling, &mark)) {
		return false;
	}
	bool is_read = read_in_turn(ceiling, &charge, ret_bytes);
	if (is_read && is_allocation) {
		uint64_t live_bytes = load_relaxed(&hook.view.header->totals.live_bytes);
		schedule(ceiling, *ret_bytes,
			 saturated_difference(live_bytes, charge.anonymous_bytes));
	}
	reading_end(ceiling, &mark);
	return is_read;
}

/* ---- the breach ---- */

/** The first breach, or the one that ends it all, for reports. Under the lock. */
static void note(enum breach_trigger trigger, const struct finding *finding, uint32_t node)
{
	struct slot *slot = hook.view.slot;
	const struct ceiling *ceiling = &hook.ceiling;
	slot->breach_node = node;
	slot->breach.metric = ceiling->metric;
	slot->breach.action = ceiling->action;
	slot->breach.tid = thread_state.self->tid;
	slot->breach.limit_bytes = ceiling->limit_bytes;
	slot->breach.charge_bytes = finding->used_bytes;
	slot->breach.asked_bytes = finding->asked_bytes;
	slot->breach.allocation =
		hook.view.header->totals.allocations - slot->allocations_before;
	/* Last: who finds it finds the rest. */
	barrier_compiler();
	slot->breach.trigger = trigger;
}

/** Note it and, unless the program is only refused something, wait for what comes of it. */
static void breach(enum breach_trigger trigger, const struct finding *finding, uint32_t node,
		   bool is_refusal)
{
	/* What ends or stops the program is what counts, whatever was refused before; and there is
	   no second time: it is killed, or whoever stopped it lets it run. */
	if (!is_refusal) {
		store_release(&hook.ceiling.is_breached, 1);
	}
	bool is_last = !is_refusal && exchange_acquire(&hook.ceiling.is_set, 0);
	if (exchange_acquire(&hook.ceiling.is_noted, 1) == 0 || is_last) {
		others_publish();
		if (hook_lock()) {
			hook.sparse.next_look_ns = 0;
			sparse_look();
			note(trigger, finding, node);
			hook_unlock();
		}
	}
	if (!is_refusal) {
		request_breach();
		/* Pairs with the acquire load of the threads that wait with us. */
		store_release(&hook.ceiling.is_breached, 0);
		sys_futex_wake(&hook.ceiling.is_breached, INT_MAX);
	}
}

/** The node of the calling thread's stack, published as where it is now. */
static uint32_t own_node(void)
{
	struct thread *self = thread_state.self;
	stack_look_for_python(self);
	struct stack_frames frames = stack_read(self, NULL);
	uint32_t node = 0;
	if (hook_lock()) {
		node = stack_node(self, frames);
		stack_publish(self, node, hook.view.header->totals.allocations);
		hook_unlock();
	}
	return node;
}

static attr_cold void happen(enum breach_trigger trigger, const struct finding *finding,
			     bool is_refusal)
{
	nesting_mark mark = 0;
	if (is_refusal) {
		add_relaxed(&hook.view.slot->breach.refusals, 1);
		if (load_relaxed(&hook.ceiling.is_noted)) {
			return;
		}
	}
	if (nesting_begin(&mark, false) == NESTING_RECORD) {
		breach(trigger, finding, own_node(), is_refusal);
		nesting_end(&mark);
	}
}

/* ---- the decision ---- */

/** The allocation that was chosen by its number: once. */
static bool is_chosen(struct ceiling *ceiling)
{
	const struct slot *slot = hook.view.slot;
	if (likely(!ceiling->fail_at)) {
		return false;
	}
	uint64_t number =
		load_relaxed(&hook.view.header->totals.allocations) - slot->allocations_before + 1;
	if (number < ceiling->fail_at) {
		return false;
	}
	ceiling->fail_at = 0;
	store_relaxed(&ceiling->is_set, ceiling->metric != CEILING_NONE);
	return true;
}

/** What is left of the thread's grant, which ends. */
static uint64_t take_grant(const struct ceiling *ceiling, struct thread *self)
{
	bool holds = self && self->grant_number == load_relaxed(&ceiling->grant_number);
	uint64_t left = holds ? self->grant_left : 0;
	if (holds) {
		self->grant_left = 0;
	}
	return left;
}

/** Far from the next reading, let the thread ask for some more without a look. */
static void give_grant(struct ceiling *ceiling, struct thread *self, uint64_t asked_total)
{
	if (!self || ceiling->action == CEILING_ENOMEM || ceiling->fail_at
	    || saturated_difference(load_relaxed(&ceiling->next_reading), asked_total)
		       < GRANT_FROM_BYTES) {
		return;
	}
	/* The number first: a reading meanwhile ends it. */
	self->grant_number = load_relaxed(&ceiling->grant_number);
	barrier_compiler();
	add_relaxed(&ceiling->asked_total, GRANT_BYTES);
	self->grant_left = GRANT_BYTES;
}

/** Count a request that grows by so much. True if a reading is due. */
static bool is_reading_due(struct ceiling *ceiling, size_t growth)
{
	struct thread *self = thread_state.self;
	/* What nobody can have is not added up: the sum would wrap around. */
	uint64_t added = growth <= ceiling->limit_bytes ? growth : ceiling->limit_bytes + 1;
	added -= take_grant(ceiling, self);
	uint64_t asked_total = add_relaxed(&ceiling->asked_total, added) + added;
	if (asked_total >= load_relaxed(&ceiling->next_reading)) {
		return true;
	}
	give_grant(ceiling, self, asked_total);
	return false;
}

/**
 * What a block takes beyond what was asked for. pymalloc and glibc hand out blocks in steps of 16
 * bytes; from the size alone, so that it is known again when the block is given back.
 */
static uint64_t padding_of(size_t bytes)
{
	return -(uint64_t)bytes & (BLOCK_STEP_BYTES - 1);
}

/** What is allocated, with what replaced bytes will not be any more. */
static uint64_t allocated_bytes_without(const struct ceiling *ceiling, size_t replaced)
{
	/* Whose ceiling it is: the scope's, or the run's. */
	const struct segment_header *header = hook.view.header;
	const struct totals *totals = hook.scope_counts ? &header->scope_totals : &header->totals;
	uint64_t bytes =
		load_relaxed(&totals->live_bytes) + load_relaxed(&ceiling->padding_bytes);
	return saturated_difference(bytes, replaced);
}

/** Is a decision due at this request, and on what? */
static bool find(struct ceiling *ceiling, size_t bytes, size_t replaced, struct finding *ret)
{
	size_t growth = bytes > replaced ? bytes - replaced : 0;
	if (ceiling->metric == CEILING_ALLOCATED) {
		*ret = (struct finding){ allocated_bytes_without(ceiling, replaced), bytes };
		return true;
	}
	ret->asked_bytes = growth;
	return ceiling->metric == CEILING_RESIDENT && is_reading_due(ceiling, growth)
		&& read_charge(ceiling, true, &ret->used_bytes);
}

/** Memory that is only asked for kills nobody, unless that is what is limited. */
static bool is_breach(const struct ceiling *ceiling, const struct finding *finding)
{
	return finding->used_bytes > ceiling->limit_bytes
		|| (ceiling->metric == CEILING_ALLOCATED
		    && finding->asked_bytes > ceiling->limit_bytes - finding->used_bytes);
}

/* ---- refusals ---- */

/** The reserve for handlers is for the time until there is room again. */
static void note_room(struct ceiling *ceiling, uint64_t used_bytes)
{
	if (used_bytes + CEILING_RESERVE_BYTES < ceiling->limit_bytes) {
		store_relaxed(&ceiling->is_crossed, 0);
	}
}

static bool is_too_much(const struct ceiling *ceiling, const struct finding *finding)
{
	return ceiling_refuses_request(ceiling->limit_bytes, finding->used_bytes,
				       finding->asked_bytes, load_relaxed(&ceiling->is_crossed));
}

/**
 * On what is on the books and what other threads have reserved: of two requests that do not both
 * fit one is refused. Under the lock.
 */
static bool reserve_allocated(struct ceiling *ceiling, struct thread *self, size_t bytes,
			      size_t replaced, uint64_t others_bytes, struct finding *ret)
{
	note_room(ceiling, allocated_bytes_without(ceiling, 0));
	ret->used_bytes = allocated_bytes_without(ceiling, replaced) + others_bytes;
	if (is_too_much(ceiling, ret)) {
		return false;
	}
	promise_reserve(self, bytes - replaced);
	return true;
}

/** Some of what others have reserved may fail, or be on the books already: that is waited for. */
static bool refuses_allocated(struct ceiling *ceiling, struct thread *self, size_t bytes,
			      size_t replaced, struct finding *ret)
{
	for (int i = 0; i < TURNS_SHORT; i++) {
		if (!hook_lock()) {
			return false;
		}
		uint64_t others_bytes = promise_others(self);
		bool is_granted = reserve_allocated(ceiling, self, bytes, replaced, others_bytes,
						    ret);
		hook_unlock();
		if (is_granted || !others_bytes) {
			return !is_granted;
		}
		sys_sched_yield();
	}
	return true;
}

/** What the other threads have reserved, and what is on the books with the rest. */
static uint64_t read_others(const struct thread *self, uint64_t *ret_live_bytes)
{
	uint64_t others_bytes = 0;
	bool is_locked = hook_lock();
	if (is_locked) {
		others_bytes = promise_others(self);
	}
	*ret_live_bytes = load_relaxed(&hook.view.header->totals.live_bytes);
	if (is_locked) {
		hook_unlock();
	}
	return others_bytes;
}

/** By whoever reads: on what is charged, and what will be once all that was granted is touched. */
static bool decide_in_turn(struct ceiling *ceiling, struct thread *self, size_t growth,
			   struct finding *ret)
{
	struct charge charge;
	uint64_t live_bytes;
	if (!read_in_turn(ceiling, &charge, &ret->used_bytes)) {
		return false;
	}
	ret->used_bytes += read_others(self, &live_bytes);
	ret->used_bytes += promise_open(charge.anonymous_bytes + charge.shared_bytes, live_bytes);
	bool is_refused = is_too_much(ceiling, ret);
	schedule(ceiling, ret->used_bytes + (is_refused ? 0 : growth), 0);
	return is_refused;
}

static bool refuses_resident(struct ceiling *ceiling, struct thread *self, size_t growth,
			     struct finding *ret)
{
	nesting_mark mark = 0;
	promise_reserve(self, growth);
	if (!is_reading_due(ceiling, growth)) {
		return false;
	}
	/* Others who decide shall not take this for granted. */
	promise_reserve(self, 0);
	if (!reading_begin_in_turn(ceiling, &mark)) {
		return false;
	}
	ret->asked_bytes = growth;
	bool is_refused = decide_in_turn(ceiling, self, growth, ret);
	if (!is_refused) {
		/* Before the next one reads. */
		promise_reserve(self, growth);
	}
	reading_end(ceiling, &mark);
	return is_refused;
}

static bool refuses(struct ceiling *ceiling, size_t bytes, size_t replaced, struct finding *ret)
{
	nesting_mark mark = 0;
	bool is_refused = false;
	if ((replaced && bytes <= replaced) || nesting_begin(&mark, false) != NESTING_RECORD) {
		return false;
	}
	if (ceiling->metric == CEILING_ALLOCATED) {
		is_refused = refuses_allocated(ceiling, thread_state.self, bytes, replaced, ret);
	} else if (ceiling->metric == CEILING_RESIDENT) {
		is_refused =
			refuses_resident(ceiling, thread_state.self, bytes - replaced, ret);
	}
	nesting_end(&mark);
	return is_refused;
}

bool ceiling_decide(size_t bytes, size_t replaced)
{
	struct ceiling *ceiling = &hook.ceiling;
	struct finding finding = { 0, bytes };
	if (!can_decide()) {
		return false;
	}
	if (is_chosen(ceiling)) {
		happen(BREACH_NUMBER, &finding, true);
		return true;
	}
	if (ceiling->action == CEILING_ENOMEM) {
		bool is_refused = refuses(ceiling, bytes, replaced, &finding);
		if (is_refused) {
			store_relaxed(&ceiling->is_crossed, 1);
			happen(BREACH_ALLOCATION, &finding, true);
		}
		return is_refused;
	}
	if (find(ceiling, bytes, replaced, &finding) && is_breach(ceiling, &finding)) {
		happen(BREACH_ALLOCATION, &finding, false);
	}
	return false;
}

void ceiling_settle(size_t made_bytes, size_t gone_bytes)
{
	struct thread *self = thread_state.self;
	/* What an allocator takes for itself is not on the books. */
	if (hook.ceiling.metric == CEILING_ALLOCATED && (gone_bytes || !thread_state.inside)) {
		add_relaxed(&hook.ceiling.padding_bytes,
			    padding_of(made_bytes) - padding_of(gone_bytes));
	}
	if (self && self->reserved) {
		promise_settle(self);
	}
}

bool ceiling_wants_frees(void)
{
	const struct ceiling *ceiling = &hook.ceiling;
	return ceiling->metric == CEILING_ALLOCATED
		|| (ceiling->metric == CEILING_RESIDENT && ceiling->action != CEILING_ENOMEM
		    && load_relaxed(&ceiling->asked_total)
			       >= load_relaxed(&ceiling->safe_until));
}

void ceiling_forget_block(size_t bytes)
{
	if (hook.ceiling.metric == CEILING_ALLOCATED) {
		add_relaxed(&hook.ceiling.padding_bytes, -padding_of(bytes));
	}
}

void ceiling_look_before_free(size_t bytes)
{
	struct ceiling *ceiling = &hook.ceiling;
	struct finding finding = { 0, 0 };
	/* Under CEILING_ENOMEM there is nothing here to refuse. */
	if (bytes < CEILING_LARGE_BYTES || ceiling->metric != CEILING_RESIDENT
	    || ceiling->action == CEILING_ENOMEM
	    || load_relaxed(&ceiling->asked_total) < load_relaxed(&ceiling->safe_until)
	    || !can_decide()) {
		return;
	}
	if (read_charge(ceiling, true, &finding.used_bytes) && is_breach(ceiling, &finding)) {
		happen(BREACH_FREE, &finding, false);
	}
}

/* ---- memory that is touched ---- */

uint32_t ceiling_step_now(void)
{
	const struct ceiling *ceiling = &hook.ceiling;
	struct fault_pages pages = fault_pages();
	return ceiling_fault_step(load_relaxed(&ceiling->fault_gap),
				  load_relaxed(&ceiling->threads), &pages);
}

/**
 * Can the charge be above the ceiling now? A quick look at what is resident, an eighth of the cost
 * of a reading, tells of small pages where large ones were possible. What it finds is taken off the
 * gap.
 */
static bool may_be_above(struct ceiling *ceiling)
{
	uint64_t resident_pages, shared_pages;
	nesting_mark mark = 0;
	if (!reading_begin_in_turn(ceiling, &mark)) {
		return false;
	}
	bool is_known = false;
	uint64_t gap = load_relaxed(&ceiling->fault_gap);
	if (read_text("/proc/thread-self/statm", ceiling->text, sizeof(ceiling->text))
	    && ceiling_parse_statm(ceiling->text, &resident_pages, &shared_pages)) {
		uint64_t shared = shared_pages * hook.page_bytes;
		uint64_t anonymous = resident_pages * hook.page_bytes - shared;
		uint64_t grown = ceiling_growth(ceiling->anonymous_then, ceiling->shared_then,
						anonymous, shared);
		/* Where it has shrunk the gap is larger than known: that wants a reading. */
		is_known = anonymous >= ceiling->anonymous_then && grown < gap;
		if (is_known) {
			store_relaxed(&ceiling->fault_gap, gap - grown);
			store_relaxed(&hook.faults.counted, 0);
			ceiling->anonymous_then = anonymous;
			ceiling->shared_then = shared;
		}
	}
	reading_end(ceiling, &mark);
	return !is_known;
}

/** The closer, the more often; that it is less often again is for the supervisor to see. */
static void adapt_step(void)
{
	uint32_t step = ceiling_step_now();
	if (step < load_relaxed(&hook.view.header->ceiling.fault_step)) {
		request_faults(step, false);
	}
}

/** Inside an allocator the stack is not read: the breach is told without it. */
static void happen_at_fault(const struct finding *finding)
{
	if (!thread_state.inside) {
		happen(BREACH_FAULT, finding, false);
	} else if (thread_state.self) {
		breach(BREACH_FAULT, finding, 0, false);
	}
}

/** As can_decide; also inside an allocator, which may touch much in one call. */
static bool can_look_at_fault(const struct ceiling *ceiling)
{
	return hook.gate && hook.gate->recording == RECORDING && !thread_state.recording
		&& !load_relaxed(&ceiling->is_blind);
}

/** However large the pages were: can the charge still be below the ceiling at the next stop? */
static bool is_room_until_next_fault(const struct ceiling *ceiling)
{
	struct faults *state = &hook.faults;
	uint32_t step = load_relaxed(&hook.view.header->ceiling.fault_step);
	uint64_t faults = ceiling_step_faults(step < CEILING_STEPS ? step : 0);
	uint64_t counted = add_relaxed(&state->counted, faults) + faults;
	if (load_relaxed(&state->step_then) != step) {
		/* What was counted at the step before, but not to its end, is not known. */
		store_relaxed(&state->step_then, step);
		return false;
	}
	struct fault_pages pages = fault_pages();
	return ceiling_faulted(counted + faults * load_relaxed(&ceiling->threads), &pages)
		<= load_relaxed(&ceiling->fault_gap);
}

void ceiling_look_at_fault(void)
{
	struct ceiling *ceiling = &hook.ceiling;
	struct finding finding = { 0, 0 };
	if (!can_look_at_fault(ceiling)) {
		return;
	}
	if (!load_relaxed(&ceiling->is_set)) {
		request_await_breach(&ceiling->is_breached);
		return;
	}
	if (is_room_until_next_fault(ceiling)) {
		return;
	}
	fault_look_at_pages();
	if (may_be_above(ceiling) && read_charge(ceiling, false, &finding.used_bytes)
	    && load_relaxed(&ceiling->fault_gap) == 0) {
		happen_at_fault(&finding);
	} else {
		adapt_step();
	}
}

bool ceiling_kernel_refused(uint32_t node, size_t bytes)
{
	const struct ceiling *ceiling = &hook.ceiling;
	struct finding finding = { 0, bytes };
	if (!ceiling->is_set || ceiling->metric != CEILING_ADDRESS_SPACE) {
		return false;
	}
	bool is_refusal = ceiling->action == CEILING_ENOMEM;
	if (is_refusal) {
		add_relaxed(&hook.view.slot->breach.refusals, 1);
	}
	breach(BREACH_REFUSED, &finding, node, is_refusal);
	return !is_refusal;
}
