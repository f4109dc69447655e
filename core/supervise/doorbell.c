// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/doorbell.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/host/fd.h"

#include <limits.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/*
 * Layout of the kernel's list: include/uapi/linux/futex.h,
 * Documentation/locking/robust-futex-ABI.rst.
 */
struct robust_list {
	struct robust_list *next;
};

/**
 * A list of one. It lies in a shared mapping of its own: the OOM reaper takes private memory from a
 * process before the kernel walks this list at its exit, but leaves shared memory alone.
 */
struct robust_claim {
	struct robust_list head;
	long futex_offset;
	struct robust_list *pending;
	struct robust_list entry;
};

#define ROBUST_HEAD_BYTES (sizeof(struct robust_list) + sizeof(long) + sizeof(struct robust_list *))
#define DOORBELL_STACK_BYTES (64 * 1024)
/** Between two rings; the first one is passed on at once. */
#define REST_NS 2000000

bool doorbell_claim(struct doorbell *doorbell, struct segment_header *header)
{
	*doorbell = (struct doorbell){ .header = header, .event_fd = -1 };
	struct robust_claim *claim = mmap(NULL, sizeof(*claim), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (claim == MAP_FAILED) {
		return false;
	}
	claim->head.next = &claim->entry;
	claim->entry.next = &claim->head;
	/* The kernel finds the futex word of an entry at this distance from it. */
	claim->futex_offset = (long)((uintptr_t)&header->supervisor_tid - (uintptr_t)&claim->entry);
	doorbell->claim = claim;
	/*
	 * Pairs with the hooks' acquire loads. The word first: a list with another's tid is
	 * skipped.
	 */
	store_release(&header->supervisor_tid, (uint32_t)sys_gettid());
	return !sys_failed(sys_call2(SYS_set_robust_list, claim, ROBUST_HEAD_BYTES));
}

static void *doorbell_wait(void *data)
{
	struct doorbell *doorbell = data;
	uint32_t *word = &doorbell->header->doorbell;
	uint32_t heard = 0;
	while (!load_acquire(&doorbell->is_stopping)) {
		/* Pairs with the hook's increment, which follows its store of the request. */
		uint32_t rung = load_acquire(word);
		if (rung == heard) {
			sys_futex_wait(word, heard, NULL);
			continue;
		}
		heard = rung;
		eventfd_write(doorbell->event_fd, 1);
		/* A workload that rings without end shall not keep us busy. */
		nanosleep(&(struct timespec){ .tv_nsec = REST_NS }, NULL);
	}
	return NULL;
}

void doorbell_listen(struct doorbell *doorbell)
{
	pthread_attr_t attributes;
	doorbell->event_fd = fd_above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (doorbell->event_fd < 0 || pthread_attr_init(&attributes) != 0) {
		fd_close(&doorbell->event_fd);
		return;
	}
	pthread_attr_setstacksize(&attributes, DOORBELL_STACK_BYTES);
	if (pthread_create(&doorbell->thread, &attributes, doorbell_wait, doorbell) != 0) {
		fd_close(&doorbell->event_fd);
	}
	pthread_attr_destroy(&attributes);
}

void doorbell_clear(const struct doorbell *doorbell)
{
	eventfd_t count;
	eventfd_read(doorbell->event_fd, &count);
}

void doorbell_close(struct doorbell *doorbell)
{
	if (doorbell->event_fd >= 0) {
		/*
		 * Pairs with the acquire load in doorbell_wait; the increment makes its wait
		 * return.
		 */
		store_release(&doorbell->is_stopping, 1);
		add_relaxed(&doorbell->header->doorbell, 1);
		sys_futex_wake(&doorbell->header->doorbell, INT_MAX);
		pthread_join(doorbell->thread, NULL);
		fd_close(&doorbell->event_fd);
	}
	if (doorbell->claim) {
		sys_call2(SYS_set_robust_list, 0, ROBUST_HEAD_BYTES);
		store_release(&doorbell->header->supervisor_tid, FUTEX_OWNER_DIED);
		sys_futex_wake(&doorbell->header->supervisor_tid, INT_MAX);
		munmap(doorbell->claim, sizeof(*doorbell->claim));
		doorbell->claim = NULL;
	}
}
