// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/scope.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/elf/loaded.h"
#include "core/hook/frame.h"
#include "core/hook/hook.h"
#include "core/hook/request.h"
#include "core/hook/scope_account.h"
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
	if (load_relaxed(&scope()->state) == SCOPE_OPEN) {
		return CONTROL_OPEN;
	}
	return is_on_request() ? CONTROL_OFF : CONTROL_WHOLE;
}

/** 0 if a scope is open, or none is, as is needed; else why that is not so. */
static long check_open(bool is_needed)
{
	long state = scope_state();
	if (state < 0 || (state == CONTROL_OPEN) == is_needed) {
		return state < 0 ? state : 0;
	}
	return is_needed ? CONTROL_IS_OFF : CONTROL_IS_OPEN;
}

void scope_start(void)
{
	scope()->state = SCOPE_NONE;
	scope()->failed_before = 0;
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
		account_forget(view_entry(&hook.view, k));
	}
	ledgers_forget();
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
	sparse_forget();
	view_clear_own(&hook.view, ARENA_RANGE);
	codes_clear(&hook.codes);
	forget_entries();
	account_begin_anew(&hook.view.header->totals);
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
	ceiling->padding_bytes = 0;
	/* In the slot a breach is the run's. */
	ceiling->is_noted = !is_on_request();
	store_relaxed(&ceiling->is_set, limit_bytes != 0);
}

/** What a scope cannot have in a run that is recorded as a whole. */
static long check_wanted(const struct control_scope *wanted)
{
	if (is_on_request()) {
		return 0;
	}
	if (wanted->limit_bytes && load_relaxed(&hook.ceiling.is_set)) {
		return CONTROL_HAS_LIMIT;
	}
	return wanted->is_native && !native_is_told() ? CONTROL_NOT_NATIVE : 0;
}

/**
 * Where wrappers stay, Python may have put other allocators over them while it started (-X dev,
 * PYTHONMALLOC=debug). While other threads run they cannot be exchanged.
 */
static long check_wrappers(void)
{
	if (!hook.domains.stays || domains_are_wrapped()) {
		return 0;
	}
	if (sys_thread_count() != 1) {
		return CONTROL_HAS_THREADS;
	}
	domains_settle();
	return 0;
}

static void describe(const struct control_scope *wanted)
{
	struct scope *of = scope();
	of->folder = text_of(&wanted->folder);
	of->root_code = wanted->root ? frame_code(wanted->root) : 0;
	of->flags = wanted->is_root_hidden ? SCOPE_ROOT_HIDDEN : 0;
	of->start_unix_ms = wanted->start_unix_ms;
}

/** The run goes on being recorded; what is allocated from now on is in another account, too. */
static void open_beside_run(void)
{
	const struct slot *slot = hook.view.slot;
	struct scope *of = scope();
	_Static_assert(sizeof(of->missed_before) == sizeof(slot->missed), "same counts");
	memcpy(of->missed_before, slot->missed, sizeof(slot->missed));
	of->failed_before = slot->failed_count;
	scope_account_clear();
	hook.scope_counts = true;
	if (hook.gate->recording == RECORDING) {
		hook.gate->recording = RECORDING_SCOPE;
	}
}

long scope_open(const struct control_scope *wanted)
{
	long error = check_open(false);
	error = error ? error : check_wanted(wanted);
	stack_ask_for_python();
	error = error ? error : check_wrappers();
	if (error || !python_may_change(&hook.python) || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	bool is_whole = !is_on_request();
	if (is_whole) {
		open_beside_run();
	} else {
		forget_all();
		/* Under the lock: no thread makes nodes of the other kind meanwhile. */
		native_choose(wanted->is_native);
	}
	describe(wanted);
	hook_unlock();
	if (!is_whole) {
		domains_wrap();
	}
	if (!is_whole || wanted->limit_bytes) {
		set_ceiling(wanted->limit_bytes);
	}
	hook.scope_has_ceiling = wanted->limit_bytes != 0;
	store_release(&scope()->state, (uint32_t)SCOPE_OPEN);
	if (!is_whole) {
		hook.gate->recording = hook.recording_when_on;
	}
	return 0;
}

long scope_close(void)
{
	bool is_whole = !is_on_request();
	long error = check_open(true);
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	hook.scope_counts = false;
	hook.gate->recording = is_whole ? hook.recording_when_on : (uint32_t)RECORDING_OFF;
	store_release(&scope()->state, (uint32_t)SCOPE_CLOSED);
	hook_unlock();
	if (hook.scope_has_ceiling) {
		set_ceiling(0);
	}
	if (!is_whole && python_may_change(&hook.python)) {
		domains_unwrap();
	}
	return 0;
}

/** What the scope's numbers are taken from. */
static struct totals *scope_totals(void)
{
	struct segment_header *header = hook.view.header;
	return is_on_request() ? &header->totals : &header->scope_totals;
}

static struct control_usage usage_of(const struct totals *totals, uint64_t failed_before)
{
	const struct slot *slot = hook.view.slot;
	uint64_t live = totals->live_bytes;
	uint64_t refusals = slot->failed_count - failed_before;
	return (struct control_usage){
		.live_bytes = live,
		.peak_bytes = live > totals->peak_bytes ? live : totals->peak_bytes,
		.refused_bytes = refusals ? slot->failed_bytes : 0,
		.refusals = refusals,
	};
}

static long read_usage(bool is_of_run, struct control_usage *ret_usage)
{
	long error = check_process();
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	*ret_usage = is_of_run ? usage_of(&hook.view.header->totals, 0)
			       : usage_of(scope_totals(), scope()->failed_before);
	hook_unlock();
	return 0;
}

long scope_usage(struct control_usage *ret_usage)
{
	return read_usage(false, ret_usage);
}

long scope_run_usage(struct control_usage *ret_usage)
{
	return read_usage(true, ret_usage);
}

long scope_reset_peak(void)
{
	long error = check_open(true);
	if (error || !hook_lock()) {
		return error ? error : CONTROL_NOT_POSSIBLE;
	}
	account_reset_peak(scope_totals());
	hook_unlock();
	return 0;
}

/* ---- reports ---- */

long scope_report(const struct control_text *folder)
{
	long error = check_process();
	if (!error && load_relaxed(&scope()->state) == SCOPE_NONE) {
		error = CONTROL_IS_OFF;
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
