// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/scope.h"

#include "core/base/atomic.h"
#include "core/elf/loaded.h"
#include "core/hook/frame.h"
#include "core/hook/hook.h"
#include "core/hook/request.h"
#include "core/hook/stack.h"
#include "core/shm/account.h"
#include "core/shm/intern.h"

#include <string.h>

static struct scope *scope(void)
{
	return &hook.view.slot->scope;
}

static bool is_on_request(void)
{
	return hook.view.header->flags & SEGMENT_ON_REQUEST;
}

/** CONTROL_UNKNOWN where there is no segment, CONTROL_IN_CHILD in a forked child, else 0. */
static long check_process(void)
{
	if (!hook.gate) {
		return CONTROL_UNKNOWN;
	}
	return hook.gate->recording ? 0 : CONTROL_IN_CHILD;
}

long scope_state(void)
{
	long error = check_process();
	if (error) {
		return error;
	}
	if (!is_on_request()) {
		return CONTROL_WHOLE;
	}
	return load_relaxed(&scope()->state) == SCOPE_OPEN ? CONTROL_OPEN : CONTROL_OFF;
}

/** 0 if the state is the one that is needed, else why it is not. */
static long check_state(long needed)
{
	long state = scope_state();
	if (state == needed || state < 0) {
		return state == needed ? 0 : state;
	}
	if (state == CONTROL_WHOLE) {
		return CONTROL_IS_WHOLE;
	}
	return state == CONTROL_OPEN ? CONTROL_IS_OPEN : CONTROL_IS_OFF;
}

void scope_start(void)
{
	scope()->state = SCOPE_NONE;
	hook.recording_when_on = RECORDING;
	if (!is_on_request()) {
		hook.gate->recording = RECORDING;
		domains_wrap();
		return;
	}
	hook.gate->recording = RECORDING_OFF;
	/* Without the GIL allocators cannot be exchanged while threads run: they are wrapped before
	   there are any, and stay. */
	if (elf_find_next("_Py_DecRefShared", &hook)) {
		domains_wrap();
		hook.domains.stays = true;
	}
}

/* ---- forgetting ---- */

static void forget_entries(void)
{
	for (uint32_t k = 1; k < hook.view.header->arena[ARENA_ENTRY].used; k++) {
		struct entry *entry = view_entry(&hook.view, k);
		if (entry->total_blocks | entry->live_bytes) {
			entry->live_bytes = 0;
			entry->live_blocks = 0;
			entry->total_bytes = 0;
			entry->total_blocks = 0;
		}
	}
}

/** The totals are of a run that begins now; no snapshot of an entry is of its peak. */
static void forget_totals(void)
{
	struct totals *totals = &hook.view.header->totals;
	totals->live_bytes = 0;
	totals->live_blocks = 0;
	totals->epoch++;
	totals->peak_bytes = 0;
}

static void forget_failures(void)
{
	struct slot *slot = hook.view.slot;
	memset(slot->missed, 0, sizeof(slot->missed));
	slot->failed_bytes = 0;
	slot->failed_count = 0;
	slot->failed_node = 0;
	slot->breach_node = 0;
	memset(&slot->breach, 0, sizeof(slot->breach));
	slot->allocations_before = hook.view.header->totals.allocations;
	hook.highest_refusal = 0;
}

/**
 * Everything that was recorded, and what is known by address: while nothing was recorded, blocks
 * and code objects were freed unseen. Under the lock.
 */
static void forget_all(void)
{
	live_clear(&hook.live, &hook.view);
	ranges_clear(&hook.mappings);
	ranges_clear(&hook.large_blocks);
	view_clear_own(&hook.view, ARENA_RANGE);
	codes_clear(&hook.codes);
	forget_entries();
	forget_totals();
	forget_failures();
}

/* ---- opening and closing ---- */

/** The number of a text; 0 for none, or if there is no space. Under the lock. */
static uint32_t text_of(const struct control_text *text)
{
	return text->bytes ? intern_text(&hook.view, text->bytes, text->len) : 0;
}

static void set_ceiling(uint64_t limit_bytes)
{
	struct ceiling *ceiling = &hook.ceiling;
	ceiling->metric = limit_bytes ? CEILING_ALLOCATED : CEILING_NONE;
	ceiling->action = CEILING_ENOMEM;
	ceiling->limit_bytes = limit_bytes;
	ceiling->is_crossed = 0;
	ceiling->is_noted = 0;
	store_relaxed(&ceiling->is_set, limit_bytes != 0);
}

long scope_open(const struct control_scope *wanted)
{
	long error = check_state(CONTROL_OFF);
	stack_ask_for_python();
	if (error || !python_may_change(&hook.python) || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	forget_all();
	scope()->folder = text_of(&wanted->folder);
	scope()->root_code = wanted->root ? frame_code(wanted->root) : 0;
	scope()->flags = wanted->is_root_hidden ? SCOPE_ROOT_HIDDEN : 0;
	scope()->start_unix_ms = wanted->start_unix_ms;
	hook_unlock();
	native_choose(wanted->is_native);
	domains_wrap();
	set_ceiling(wanted->limit_bytes);
	store_release(&scope()->state, (uint32_t)SCOPE_OPEN);
	hook.gate->recording = hook.recording_when_on;
	return 0;
}

long scope_close(void)
{
	long error = check_state(CONTROL_OPEN);
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	hook.gate->recording = RECORDING_OFF;
	store_release(&scope()->state, (uint32_t)SCOPE_CLOSED);
	hook_unlock();
	set_ceiling(0);
	if (python_may_change(&hook.python)) {
		domains_unwrap();
	}
	return 0;
}

long scope_usage(struct control_usage *ret_usage)
{
	long error = check_process();
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	const struct totals *totals = &hook.view.header->totals;
	uint64_t live = totals->live_bytes;
	*ret_usage = (struct control_usage){
		.live_bytes = live,
		.peak_bytes = live > totals->peak_bytes ? live : totals->peak_bytes,
		.refused_bytes = hook.view.slot->failed_bytes,
		.refusals = hook.view.slot->failed_count,
	};
	hook_unlock();
	return 0;
}

long scope_reset_peak(void)
{
	long error = check_state(CONTROL_OPEN);
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	struct totals *totals = &hook.view.header->totals;
	totals->epoch++;
	totals->peak_bytes = totals->live_bytes;
	hook_unlock();
	return 0;
}

/* ---- reports ---- */

long scope_report(const struct control_text *folder)
{
	long error = check_process();
	if (!error && !is_on_request()) {
		error = CONTROL_IS_WHOLE;
	}
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	uint32_t text = text_of(folder);
	scope()->folder = text;
	add_relaxed(&scope()->reports_wanted, text != 0);
	hook_unlock();
	if (!text) {
		return CONTROL_NOT_POSSIBLE;
	}
	return request_scope_report() ? 0 : CONTROL_IS_ALONE;
}

long scope_await_report(void)
{
	long error = check_process();
	if (error) {
		return error;
	}
	struct scope *of = scope();
	switch (request_await_scope(&of->reports_done, load_relaxed(&of->reports_wanted))) {
	case REQUEST_ANSWERED:
		return of->report_result ? CONTROL_FAILED : 0;
	case REQUEST_NOT_YET:
		return CONTROL_NOT_YET;
	default:
		return CONTROL_IS_ALONE;
	}
}

long scope_add_source(const struct control_source *source)
{
	long error = check_process();
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	struct code code = {
		.kind = CODE_SOURCE,
		.filename = text_of(&source->name),
		.qualname = text_of(&source->shown),
		.text = text_of(&source->text),
	};
	uint32_t number = code.filename && code.text ? intern_code(&hook.view, &code) : 0;
	hook_unlock();
	return number ? 0 : CONTROL_NOT_POSSIBLE;
}
