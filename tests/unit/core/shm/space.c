// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A file system that is full: the workload is told, and not killed. Needs to mount one. */
#include "core/shm/space.h"

#include "core/shm/live.h"
#include "tests/unit/core/shm/fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#define DISK_BYTES ((size_t)8 << 20)

static const char folder[] = "small-disk";

/** A new one: files that are still mapped keep the space of the old one. */
static bool mount_small_disk(void)
{
	umount2(folder, MNT_DETACH);
	return mount("none", folder, "tmpfs", 0, "size=8m") == 0;
}

/** A file on the small disk, sparse and larger than it. */
static int file_on_small_disk(off_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/file", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0 && unlink(path) == 0 && ftruncate(fd, size) == 0);
	return fd;
}

static void check_fills_up(bool (*take)(void *memory, size_t len))
{
	REQUIRE(mount_small_disk());
	int fd = file_on_small_disk(DISK_BYTES * 2);
	char *memory =
		mmap(NULL, DISK_BYTES * 2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(memory != MAP_FAILED);
	memory[0] = 0;
	CHECK(take(memory, DISK_BYTES / 2));
	memset(memory, 1, DISK_BYTES / 2);
	CHECK(!take(memory + DISK_BYTES / 2, DISK_BYTES));
	/* What fits is still to be had, and all zero. */
	CHECK(take(memory + DISK_BYTES / 2, DISK_BYTES / 4));
	for (size_t i = DISK_BYTES / 2; i < DISK_BYTES * 3 / 4; i += 512) {
		CHECK_INT(memory[i], 0);
	}
	munmap(memory, DISK_BYTES * 2);
	close(fd);
}

static void is_asked_for(void)
{
	check_fills_up(space_take);
}

static void is_asked_for_page_by_page(void)
{
	check_fills_up(space_take_by_page);
}

static struct segment_view view;

/** See the segment as a new image of the process does. */
static void open_view(int fd)
{
	memset(&view, 0, sizeof(view));
	REQUIRE(view_open(&view, fd, 0));
}

/** A segment on the disk, seen through view; its descriptor. */
static int segment_on_small_disk(void)
{
	int fd = file_on_small_disk((off_t)SEGMENT_SIZE_MIN * 4);
	struct segment_header *header =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct slot *slot = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				 (off_t)slot_offset(0));
	REQUIRE(header != MAP_FAILED && slot != MAP_FAILED);
	segment_init(header, slot, SEGMENT_SIZE_MIN * 4);
	segment_expect(header, slot, (uint32_t)getpid());
	header->flags = SEGMENT_ON_DISK;
	open_view(fd);
	return fd;
}

static void extents_end_with_the_disk(void)
{
	REQUIRE(mount_small_disk());
	close(segment_on_small_disk());
	uint32_t first;
	uint32_t taken = 0;
	for (unsigned i = 0; i < 100; i++) {
		uint8_t *extent = view_take_extents(&view, 1, &first);
		if (extent) {
			memset(extent, 0xff, EXTENT_BYTES);
			CHECK_INT(first, taken);
			taken++;
		}
	}
	CHECK(taken * EXTENT_BYTES > DISK_BYTES / 2 && taken * EXTENT_BYTES <= DISK_BYTES);
	CHECK_INT(view.header->next_extent, taken);
}

/** The space of another file comes free: some refusals later the segment grows again. */
static void extents_go_on_when_there_is_space_again(void)
{
	REQUIRE(mount_small_disk());
	int other = file_on_small_disk(0);
	REQUIRE(fallocate(other, 0, 0, DISK_BYTES / 2) == 0);
	close(segment_on_small_disk());
	uint32_t first;
	uint32_t last = 0;
	while (view_take_extents(&view, 1, &first)) {
		last = first;
	}
	close(other);
	unsigned refused = 0;
	uint8_t *extent = NULL;
	while (!extent && refused < 1000) {
		refused++;
		extent = view_take_extents(&view, 1, &first);
	}
	CHECK_INT(refused, 65);
	REQUIRE(extent);
	/* Nothing but the rest of a window may have been left out. */
	CHECK(first > last);
	memset(extent, 0xff, EXTENT_BYTES);
}

/** The next image uses the same extents again: they must be empty then, and keep their space. */
static void own_extents_are_cleared_for_the_next_image(void)
{
	REQUIRE(mount_small_disk());
	int fd = segment_on_small_disk();
	uint32_t k = view_add_own(&view, ARENA_THREAD, 1);
	REQUIRE(k);
	view_thread(&view, k)->tid = 77;
	uint32_t first;
	while (view_take_extents(&view, 1, &first)) {
	}
	open_view(fd);
	view_reset_own(&view);
	k = view_add_own(&view, ARENA_THREAD, 1);
	REQUIRE(k);
	CHECK_INT(view_thread(&view, k)->tid, 0);
	view_thread(&view, k)->tid = 78;
	close(fd);
}

int main(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
	    || mkdir(folder, 0700) != 0 || !mount_small_disk()) {
		SKIP("cannot mount a small file system here");
	}
	RUN(is_asked_for);
	RUN(is_asked_for_page_by_page);
	RUN(extents_end_with_the_disk);
	RUN(extents_go_on_when_there_is_space_again);
	RUN(own_extents_are_cleared_for_the_next_image);
	umount2(folder, MNT_DETACH);
	return test_done();
}
