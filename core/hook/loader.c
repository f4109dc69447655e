// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * dlclose: what is unloaded must not be read any more, and another object may come to lie where it
 * was: unwind rules are forgotten. An interpreter that was loaded by dlopen must not be called then
 * (one that was there when the program started never goes). dlopen itself is left alone, since the
 * search path depends on who calls it.
 */
#include "core/base/sys.h"
#include "core/elf/loaded.h"
#include "core/hook/hook.h"

#include <errno.h>
#include <string.h>

/** Looks at one thread before giving up on it: it is stopped, or gone. */
#define LOOKS_MAX 1000

static bool is_reading(const struct thread *thread)
{
	return load_acquire(&thread->reading) || load_acquire(&thread->native.reading);
}

/** Wait until no thread is reading what may go. Those that begin now see that it is going. */
static void wait_for_readers(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!hook_lock()) {
		return;
	}
	for (struct thread *thread = hook.threads.all; thread; thread = thread->next) {
		/* Pairs with the release stores of stack_read and end_reading. */
		for (int i = 0; is_reading(thread) && i < LOOKS_MAX; i++) {
			sys_sched_yield();
		}
	}
	hook_unlock();
}

/** The interpreter is gone: as before it was found. */
static void forget_python(void)
{
	if (hook_lock()) {
		codes_clear(&hook.codes);
		memset(&hook.python, 0, sizeof(hook.python));
		memset(&hook.domains, 0, sizeof(hook.domains));
		for (struct thread *thread = hook.threads.all; thread; thread = thread->next) {
			store_relaxed(&thread->looks, 0);
		}
		hook_unlock();
	}
}

/** Of a process whose interpreter may go. */
static int close_python(void *handle)
{
	add_relaxed(&hook.python_away, 1);
	wait_for_readers();
	int result = hook.next.dlclose(handle);
	uintptr_t start;
	uintptr_t end;
	if (!elf_find_span((const void *)hook.python.image_start, &start, &end)) {
		forget_python();
	}
	/* Pairs with the acquire load in stack_read. */
	__atomic_fetch_sub(&hook.python_away, 1, __ATOMIC_RELEASE);
	return result;
}

static int close_any(void *handle)
{
	bool has_python = !hook.python_is_resident && hook.python.symbols.code_type;
	return has_python ? close_python(handle) : hook.next.dlclose(handle);
}

attr_export int dlclose(void *handle)
{
	struct next_functions *next = next_ready();
	if (!next->dlclose) {
		next_find_missing(next);
	}
	if (!next->dlclose) {
		return -1;
	}
	if (!hook.gate || !hook.gate->recording) {
		return next->dlclose(handle);
	}
	native_close_begins(&hook.native);
	if (native_objects_walks_list(&hook.native.objects)) {
		wait_for_readers();
	}
	int result = close_any(handle);
	native_close_ends(&hook.native);
	return result;
}
