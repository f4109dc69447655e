// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * dlclose: an interpreter that was loaded by dlopen can be unloaded, and must not be called then.
 * (One that was there when the program started never is; dlopen itself is left alone, since the
 * search path depends on who calls it.)
 */
#include "core/base/sys.h"
#include "core/elf/loaded.h"
#include "core/hook/hook.h"

#include <errno.h>
#include <string.h>

/** Looks at one thread before giving up on it: it is stopped, or gone. */
#define LOOKS_MAX 1000

/** Wait until no thread is reading Python's frames. Those that begin now see hook.python_away. */
static void wait_for_readers(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!hook_lock()) {
		return;
	}
	for (struct thread *thread = hook.threads.all; thread; thread = thread->next) {
		/* Pairs with the release store of stack_read. */
		for (int i = 0; load_acquire(&thread->reading) && i < LOOKS_MAX; i++) {
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
		hook.looks = 0;
		hook_unlock();
	}
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
	if (!hook.gate || !hook.gate->recording || hook.python_is_resident
	    || !hook.python.symbols.code_type) {
		return next->dlclose(handle);
	}
	add_relaxed(&hook.python_away, 1);
	wait_for_readers();
	int result = next->dlclose(handle);
	uintptr_t start;
	uintptr_t end;
	if (!elf_find_span((const void *)hook.python.image_start, &start, &end)) {
		forget_python();
	}
	/* Pairs with the acquire load in stack_read. */
	__atomic_fetch_sub(&hook.python_away, 1, __ATOMIC_RELEASE);
	return result;
}
