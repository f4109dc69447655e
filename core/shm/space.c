// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/space.h"

#include "core/base/sys.h"

/** The smallest page there is: with larger ones some are asked for twice. */
#define PAGE_STEP 4096u
/** Bytes of a set of signals, as the kernel has it. */
#define SIGNALS_BYTES 8u

/*
 * What the kernel itself writes to a page for us is EFAULT where it would be SIGBUS for us. Asking
 * for the blocked signals is the call that every filter of system calls lets pass.
 */
bool space_take_by_page(void *memory, size_t len)
{
	char *bytes = memory;
	for (size_t at = 0; at < len; at += PAGE_STEP) {
		if (sys_failed(sys_call4(SYS_rt_sigprocmask, 0, NULL, bytes + at, SIGNALS_BYTES))) {
			return false;
		}
		*(volatile uint64_t *)(void *)(bytes + at) = 0;
	}
	return true;
}

bool space_take(void *memory, size_t len)
{
	long result = sys_madvise(memory, len, SYS_MADV_POPULATE_WRITE);
	return result == -SYS_EINVAL ? space_take_by_page(memory, len) : !sys_failed(result);
}
