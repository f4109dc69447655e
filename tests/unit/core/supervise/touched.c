// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Pages of this process, counted as those of a workload. */
#include "core/supervise/touched.h"

#include "tests/unit/test.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

static struct segment_header header;
static struct touched touched;
static int segment;
static char *memory;

/** A segment whose slot 0 has such a mapping. */
static void put(struct sparse_mapping mapping)
{
	struct sparse_mapping table[SPARSE_MAX] = { [7] = mapping };
	uint64_t at = slot_offset(0) + offsetof(struct slot, sparse);
	REQUIRE(pwrite(segment, table, sizeof(table), (off_t)at) == sizeof(table));
}

static void look(uint64_t anonymous_bytes, bool is_forced)
{
	touched_look(&touched, segment, &header, "", getpid(), anonymous_bytes, is_forced);
}

static void start(void)
{
	segment = memfd_create("segment", MFD_CLOEXEC);
	memory = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(segment >= 0 && memory != MAP_FAILED);
	madvise(memory, 64 * MIB, MADV_NOHUGEPAGE);
	header = (struct segment_header){ 0 };
	touched = (struct touched){ 0 };
	put((struct sparse_mapping){ .start = (uintptr_t)memory,
				     .end = (uintptr_t)memory + 64 * MIB, .entry = 5 });
}

static void end(void)
{
	munmap(memory, 64 * MIB);
	close(segment);
}

static void the_workload_is_asked_first(void)
{
	start();
	memset(memory + 10 * MIB, 1, 3 * MIB);
	look(8 * MIB, false);
	CHECK_INT(header.totals.look_wanted, 1);
	CHECK_INT(touched.count, 0);
	/* It has looked: nothing more is to be done until memory grows again. */
	header.totals.look_wanted = 0;
	look(8 * MIB + 4096, false);
	CHECK_INT(header.totals.look_wanted, 0);
	CHECK_INT(touched.count, 0);
	look(16 * MIB, false);
	CHECK_INT(header.totals.look_wanted, 1);
	end();
}

static void what_does_not_look_is_looked_at(void)
{
	start();
	memset(memory + 10 * MIB, 1, 3 * MIB);
	look(8 * MIB, false);
	look(8 * MIB, false);
	REQUIRE(touched.count == 1);
	CHECK_INT(touched.seen[0].touched_bytes, 3 * MIB);
	CHECK_INT(touched.seen[0].entry, 5);
	CHECK_INT(touched.seen[0].start, (uintptr_t)memory);
	/* Once, until there is more. */
	memset(memory + 20 * MIB, 1, MIB);
	look(8 * MIB, false);
	CHECK_INT(touched.seen[0].touched_bytes, 3 * MIB);
	look(10 * MIB, false);
	CHECK_INT(touched.seen[0].touched_bytes, 4 * MIB);
	header.totals.look_wanted = 0;
	look(10 * MIB, false);
	CHECK_INT(touched.count, 0);
	end();
}

static void a_look_can_be_had_at_once(void)
{
	start();
	memset(memory, 1, MIB);
	look(0, true);
	REQUIRE(touched.count == 1);
	CHECK_INT(touched.seen[0].touched_bytes, MIB);
	CHECK_INT(header.totals.look_wanted, 1);
	end();
}

static void no_table_keeps_us(void)
{
	start();
	/* Nothing is there, and a look at all of it would take hours. */
	put((struct sparse_mapping){ .start = 4096, .end = UINT64_MAX, .entry = 5 });
	look(8 * MIB, true);
	CHECK_INT(touched.count, 1);
	put((struct sparse_mapping){ .start = 8192, .end = 4096, .entry = 5 });
	look(16 * MIB, true);
	CHECK_INT(touched.count, 0);
	put((struct sparse_mapping){ 0 });
	look(32 * MIB, true);
	CHECK_INT(touched.count, 0);
	end();
}

int main(void)
{
	RUN(the_workload_is_asked_first);
	RUN(what_does_not_look_is_looked_at);
	RUN(a_look_can_be_had_at_once);
	RUN(no_table_keeps_us);
	return test_done();
}
