// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/shm/create.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"

uint64_t segment_set_size(int fd, uint64_t wanted, int *ret_errno)
{
	long error = 0;
	for (uint64_t size = wanted; size >= SEGMENT_SIZE_MIN; size /= 2) {
		error = sys_call2(SYS_ftruncate, fd, size);
		if (error == 0) {
			return size;
		}
	}
	/* Halves jump over sizes in between: a file that may have the least gets it. */
	error = sys_call2(SYS_ftruncate, fd, SEGMENT_SIZE_MIN);
	if (error == 0) {
		return SEGMENT_SIZE_MIN;
	}
	*ret_errno = (int)-error;
	return 0;
}

static struct arena arena_empty(size_t element_bytes)
{
	/* Number 0 is never an element. */
	return (struct arena){ .used = 1, .element_bytes = (uint32_t)element_bytes };
}

void segment_init(struct segment_header *header, struct slot *slot, uint64_t size_bytes)
{
	header->version = SEGMENT_VERSION;
	header->header_bytes = sizeof(*header);
	header->size_bytes = size_bytes;
	header->totals.epoch = 1;
	header->scope_totals.epoch = 1;
	header->arena[ARENA_NODE] = arena_empty(sizeof(struct node));
	header->arena[ARENA_ENTRY] = arena_empty(sizeof(struct entry));
	header->arena[ARENA_CODE] = arena_empty(sizeof(struct code));
	header->arena[ARENA_TEXT] = arena_empty(TEXT_UNIT);
	for (uint32_t a = ARENA_SCOPE; a < SHARED_ARENA_COUNT; a++) {
		header->arena[a] = arena_empty(sizeof(struct entry));
	}
	slot->arena[ARENA_SLAB] = arena_empty(sizeof(uint64_t));
	slot->arena[ARENA_RANGE] = arena_empty(sizeof(struct range));
	slot->arena[ARENA_THREAD] = arena_empty(sizeof(struct thread_record));
	/*
	 * Pairs with nothing in time: the workload starts later. It makes a torn start no segment.
	 */
	store_release(&header->magic, SEGMENT_MAGIC);
}

void segment_expect(struct segment_header *header, struct slot *slot, uint32_t pid)
{
	slot->pid = pid;
	store_release(&slot->state, SLOT_EXPECTED);
	/* The collector reads slots 0 .. slots_used-1; a slot counts once its pid is in it. */
	store_release(&header->slots_used, 1);
}
