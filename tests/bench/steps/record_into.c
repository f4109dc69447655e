// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Preloaded after the hook: a segment for it, without a supervisor. In the program itself, so that
 * this works under valgrind, too, which has an environment of its own. Linked with -z initfirst, as
 * the hook is: glibc keeps to the last object that asks for that, so that this one is the first.
 * FIL_STEPS_FLAGS holds the segment's flags, FIL_STEPS_LIMIT the bytes of a ceiling (0: none).
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

/** As the kernel has put it on the stack; libc does not know it yet. */
static char **environment;

static const struct segment_header *recorded;

static void *map(int fd, uint64_t offset, size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (memory == MAP_FAILED) {
		perror("segment");
		exit(1);
	}
	return memory;
}

static const char *variable(const char *name)
{
	size_t len = strlen(name);
	for (char **entry = environment; *entry; entry++) {
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') {
			return *entry + len + 1;
		}
	}
	return NULL;
}

static uint64_t number(const char *name)
{
	const char *text = variable(name);
	return text ? strtoull(text, NULL, 0) : 0;
}

static int make_segment(void)
{
	uint64_t limit_bytes = number("FIL_STEPS_LIMIT");
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
	header->flags |= (uint32_t)number("FIL_STEPS_FLAGS");
	if (limit_bytes) {
		header->ceiling.metric = CEILING_RESIDENT;
		header->ceiling.action = CEILING_KILL;
		header->ceiling.limit_bytes = limit_bytes;
	}
	header->next_extent = EXTENTS_BEFORE;
	recorded = header;
	return fd;
}

/** A hook that has not taken the segment would be measured as a fast one. */
__attribute__((destructor)) static void check(void)
{
	if (recorded && !recorded->totals.allocations) {
		fprintf(stderr, "the hook has recorded nothing: was it built with this segment?\n");
		_exit(1);
	}
}

__attribute__((constructor)) static void prepare(int count, char **words, char **handed_over)
{
	static char segment[64];
	char **last = handed_over;
	(void)count;
	(void)words;
	environment = handed_over;
	if (!variable("FIL_STEPS_FLAGS")) {
		return;
	}
	int fd = make_segment();
	snprintf(segment, sizeof(segment), "FIL_SEGMENT=/proc/%d/fd/%d", (int)getpid(), fd);
	/* In place: the hook finds what the kernel has put behind the environment. */
	while (last[1]) {
		last++;
	}
	*last = segment;
}
