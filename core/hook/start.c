// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What happens first: take our variables off the environment, map the segment, take the slot of
 * this process, open the gate. If anything is missing, the workload runs on as if we were not there
 * and the report says that nothing was recorded.
 */
#include "core/base/sys.h"
#include "core/elf/loaded.h"
#include "core/hook/books.h"
#include "core/hook/environment.h"
#include "core/hook/hook.h"
#include "core/hook/nesting.h"
#include "core/hook/record.h"
#include "core/hook/scope.h"
#include "core/hook/signal.h"
#include "core/hook/stack.h"
#include "core/shm/account.h"
#include "core/shm/intern.h"

#include <elf.h>
#include <string.h>

struct hook hook;

extern char **environ __attribute__((weak));

/** Number of the slot that was set up for this process; SLOT_COUNT if none was. */
static uint32_t slot_find(int fd, uint32_t pid)
{
	for (uint32_t i = 0; i < SLOT_COUNT; i++) {
		struct {
			uint32_t state;
			uint32_t pid;
		} head;
		long got = sys_call4(SYS_pread64, fd, &head, sizeof(head), slot_offset(i));
		if (got != sizeof(head) || head.state == SLOT_FREE) {
			break;
		}
		if (head.pid == pid) {
			return i;
		}
	}
	return SLOT_COUNT;
}

static bool segment_open(void)
{
	long fd = sys_open(hook.segment, SYS_O_RDWR | SYS_O_CLOEXEC);
	if (sys_failed(fd)) {
		return false;
	}
	hook.pid = (uint32_t)sys_getpid();
	hook.effective_user = sys_call0(SYS_geteuid);
	uint32_t number = slot_find((int)fd, hook.pid);
	bool is_open = number < SLOT_COUNT && view_open(&hook.view, (int)fd, number);
	sys_close((int)fd);
	return is_open;
}

static void end_accounts(enum shared_arena which)
{
	for (uint32_t k = 1; k < hook.view.header->arena[which].used; k++) {
		struct entry *entry = view_account(&hook.view, which, k);
		if (entry->live_blocks || entry->live_bytes) {
			account_snap(entry, hook.view.header->totals.epoch);
			entry->live_bytes = 0;
			entry->live_blocks = 0;
		}
	}
}

/** What an earlier image of this process held is gone with it. */
static void end_earlier_image(void)
{
	struct slot *slot = hook.view.slot;
	struct totals *totals = &hook.view.header->totals;
	slot->lock = 0;
	if (slot->generation) {
		hook_lock();
		books_repair();
		ledgers_inherit();
		account_mark_peak(totals);
		end_accounts(ARENA_ENTRY);
		for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
			end_accounts(ARENA_LEDGER + i);
		}
		totals->live_bytes = 0;
		totals->live_blocks = 0;
		view_reset_own(&hook.view);
		sparse_forget();
		hook_unlock();
	}
}

/** A value of the auxiliary vector, which follows the environment on the initial stack. */
static unsigned long auxiliary(char **environment, unsigned long type)
{
	while (*environment) {
		environment++;
	}
	for (const unsigned long *pair = (unsigned long *)(environment + 1); pair[0]; pair += 2) {
		if (pair[0] == type) {
			return pair[1];
		}
	}
	return 0;
}

static struct gate *gate_make(void)
{
	struct gate *gate = sys_map_private(hook.page_bytes);
	/* Without it a forked child would write into our slot (kernel 4.14 and later have it). */
	if (gate && sys_failed(sys_madvise(gate, hook.page_bytes, SYS_MADV_WIPEONFORK))) {
		sys_munmap(gate, hook.page_bytes);
		return NULL;
	}
	return gate;
}

static bool labels_make(void)
{
	uint32_t no_stack = intern_label(&hook.view, "[No Python stack]");
	hook.code_thread = intern_label(&hook.view, "[thread started here]");
	hook.node_no_stack = no_stack ? intern_node(&hook.view, 0, no_stack, 0) : 0;
	return hook.node_no_stack && hook.code_thread;
}

/** True if a call of operator new reaches ours. */
static bool has_operators(void)
{
	struct elf_wanted wanted = { .name = "_Znwm" };
	uintptr_t start;
	uintptr_t end;
	return elf_find_wanted(&wanted, 1, NULL) == 0 && elf_find_span(&hook, &start, &end)
		&& (uintptr_t)wanted.address >= start && (uintptr_t)wanted.address < end;
}

/** Where the library lies that serves malloc, if it is not the C library. */
static void find_allocator(void)
{
	uintptr_t start;
	uintptr_t end;
	/* Some serve mmap, too. */
	uintptr_t libc = (uintptr_t)hook.next.__errno_location;
	if (!elf_find_span((void *)hook.next.malloc, &start, &end)
	    || (libc >= start && libc < end)) {
		return;
	}
	hook.allocator_start = start;
	hook.allocator_end = end;
	uintptr_t operator_new = (uintptr_t)hook.next._Znwm;
	if (operator_new >= start && operator_new < end && !has_operators()) {
		hook.view.slot->image_flags |= IMAGE_NEW_NOT_SEEN;
	}
}

static void image_describe(const char *executable)
{
	struct slot *slot = hook.view.slot;
	slot->generation++;
	slot->allocations_before = hook.view.header->totals.allocations;
	slot->image_flags = 0;
	slot->python_state = PYTHON_NOT_SEEN;
	slot->python_version = 0;
	slot->advised_untouched_bytes = 0;
	slot->hook_python = (uintptr_t)&hook.python;
	slot->executable = executable
		? intern_text(&hook.view, executable, (uint32_t)strlen(executable))
		: 0;
	if (elf_find_in_executable("malloc")) {
		slot->image_flags |= IMAGE_OWN_MALLOC;
		slot->image_flags |= elf_find_in_executable("mmap") ? IMAGE_OWN_MMAP : 0;
	}
}

/** The children of the shells that led to this interpreter are not the job's. */
static void forget_launchers(void)
{
	struct segment_header *header = hook.view.header;
	if (hook.view.slot->generation && hook.view.slot->python_state == PYTHON_NOT_SEEN
	    && hook.python_is_resident) {
		store_relaxed(&header->children, 0);
		add_relaxed(&header->launchers, 1);
	}
}

/** Nothing is asked for any more: what is there at the end. */
__attribute__((destructor)) static void hook_end(void)
{
	if (hook.sparse.count) {
		hook.sparse.next_look_ns = 0;
		record_look();
	}
}

/**
 * The environment. glibc has not set environ when it calls the constructor of an object that is
 * linked with -z initfirst, but hands over all three; musl hands over nothing, and has set it.
 */
static char **find_environment(char **handed_over)
{
	if (!&environ) {
		return NULL;
	}
	return environ ? environ : handed_over;
}

/* Before all other constructors, which allocate, too: where glibc has no other object that asks for
   that. */
__attribute__((constructor)) static void hook_start(int count, char **words, char **handed_over)
{
	(void)count;
	(void)words;
	next_ready();
	char **environment = find_environment(handed_over);
	if (!environment) {
		return;
	}
	unsigned long page = auxiliary(environment, AT_PAGESZ);
	const char *executable = (const char *)auxiliary(environment, AT_EXECFN);
	struct native_process process = {
		.headers = (const ElfW(Phdr) *)auxiliary(environment, AT_PHDR),
		.header_count = (unsigned)auxiliary(environment, AT_PHNUM),
		.started_as = executable,
		.loader = (const void *)auxiliary(environment, AT_BASE),
		.stack_end = (uintptr_t)environment,
	};
	hook.page_bytes = page ? (uint32_t)page : 4096;
	if (!environment_take(environment) || !segment_open()) {
		return;
	}
	end_earlier_image();
	struct gate *gate = gate_make();
	if (!gate || !labels_make()) {
		return;
	}
	python_attach(&hook.python, &hook);
	hook.python_is_resident = hook.python.symbols.code_type != NULL;
	forget_launchers();
	image_describe(executable);
	find_allocator();
	native_start(&process, hook.python_is_resident);
	signal_start();
	hook.gate = gate;
	hook.view.slot->state = SLOT_RECORDING;
	ceiling_start(&hook.view.header->ceiling);
	scope_start();
	fault_start();
}
