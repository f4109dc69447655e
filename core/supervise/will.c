// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/will.h"

#include "core/base/atomic.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

#define ROOM 1024u

struct will {
	uint32_t count;
	struct descendant processes[ROOM];
};

struct will *will_new(void)
{
	void *p = mmap(NULL, sizeof(struct will), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void will_free(struct will *will)
{
	if (will) {
		munmap(will, sizeof(*will));
	}
}

void will_add(struct will *will, const struct descendant *process)
{
	if (will && will->count < ROOM) {
		will->processes[will->count] = *process;
		/* Pairs with the acquire load in will_execute, should we die here. */
		store_release(&will->count, will->count + 1);
	}
}

void will_clear(struct will *will)
{
	if (will) {
		store_release(&will->count, 0);
	}
}

void will_execute(const struct will *will, const char *root)
{
	uint32_t count = will ? load_acquire(&will->count) : 0;
	for (uint32_t i = 0; i < count && i < ROOM; i++) {
		if (descendant_exists(root, &will->processes[i])) {
			kill(will->processes[i].pid, SIGCONT);
		}
	}
}
