// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A segment of its own for each test, as the supervisor makes it. */
#ifndef TESTS_UNIT_CORE_SHM_FIXTURE_H
#define TESTS_UNIT_CORE_SHM_FIXTURE_H

#include "core/shm/create.h"
#include "core/shm/view.h"
#include "tests/unit/test.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((unused)) static int fixture_segment(void)
{
	int fd = memfd_create("segment", 0);
	REQUIRE(fd >= 0);
	int error;
	uint64_t size = segment_set_size(fd, SEGMENT_SIZE_MAX, &error);
	REQUIRE(size > 0);
	struct segment_header *header =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct slot *slot = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				 (off_t)slot_offset(0));
	REQUIRE(header != MAP_FAILED && slot != MAP_FAILED);
	segment_init(header, slot, size);
	segment_expect(header, slot, (uint32_t)getpid());
	munmap(header, 4096);
	munmap(slot, 8192);
	return fd;
}

/** The view of a new segment, one at a time; the descriptor is closed, as in the hook. */
__attribute__((unused)) static struct segment_view *fixture_view(void)
{
	static struct segment_view view;
	memset(&view, 0, sizeof(view));
	int fd = fixture_segment();
	REQUIRE(view_open(&view, fd, 0));
	close(fd);
	return &view;
}

#endif
