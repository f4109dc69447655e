// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Preloaded after the hook, and therefore initialised before it: a segment for it, without a
 * supervisor. In the program itself, so that this works under valgrind, too, which has an
 * environment of its own. FIL_STEPS_FLAGS holds the segment's flags.
 */
#include "core/shm/create.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * The segment is told that so many extents are in use: the hook then maps a large first window.
 * Valgrind knows no mremap of length 0, by which windows are added. What is not touched is free.
 */
#define EXTENTS_BEFORE 4096u

extern char **environ;

static void *map(int fd, uint64_t offset, size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (memory == MAP_FAILED) {
		perror("segment");
		exit(1);
	}
	return memory;
}

static int make_segment(uint32_t flags)
{
	int error;
	int fd = memfd_create("segment", 0);
	uint64_t size = fd < 0 ? 0 : segment_set_size(fd, SEGMENT_SIZE_MAX, &error);
	if (!size) {
		perror("segment");
		exit(1);
	}
	struct segment_header *header = map(fd, 0, SEGMENT_FRONT_BYTES);
	struct slot *slot = map(fd, slot_offset(0), SLOT_BYTES);
	segment_init(header, slot, size);
	segment_expect(header, slot, (uint32_t)getpid());
	header->supervisor_tid = (uint32_t)getpid();
	header->flags |= flags;
	header->next_extent = EXTENTS_BEFORE;
	return fd;
}

__attribute__((constructor)) static void prepare(void)
{
	static char segment[64];
	const char *flags = getenv("FIL_STEPS_FLAGS");
	char **last = environ;
	if (!flags) {
		return;
	}
	int fd = make_segment((uint32_t)strtoul(flags, NULL, 0));
	snprintf(segment, sizeof(segment), "FIL_SEGMENT=/proc/%d/fd/%d", (int)getpid(), fd);
	/* In place: the hook finds what the kernel has put behind the environment. */
	while (last[1]) {
		last++;
	}
	*last = segment;
}
