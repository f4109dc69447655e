// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Captured machines, and numbers that move. */
#include "oomsim/brink.h"

#include "core/host/file.h"
#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/** The fixture in the current folder as "root", with that /proc/meminfo ("": none). */
static struct brink read_machine(const char *name, const char *meminfo)
{
	const char *tree = getenv("FIL_ROOT");
	char command[4200];
	snprintf(command, sizeof(command), "rm -rf root && cp -r '%s/tests/fixtures/%s' root",
		 tree ? tree : ".", name);
	REQUIRE(system(command) == 0);
	REQUIRE(file_write("root/proc/meminfo", 0600, meminfo, strlen(meminfo)) == 0);
	struct cgroup group = cgroup_find("root", 42);
	return brink_read("root", &group);
}

static void a_container_is_scarcer_than_its_machine(void)
{
	struct brink brink = read_machine("cgroup-v2-kubernetes",
					  "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n");
	CHECK(!brink.is_machine);
	CHECK_INT(brink.limit_bytes, 536870912);
	CHECK_INT(brink.used_bytes, 500000000);
	CHECK_INT(brink.spare_bytes, 536870912 / 20);
	CHECK_INT(brink_left(&brink), 36870912);
	CHECK(!brink_is_short(&brink));
}

static void a_machine_that_is_almost_out_is_scarcer(void)
{
	struct brink brink = read_machine("cgroup-v2-kubernetes",
					  "MemTotal: 16777216 kB\nMemAvailable: 400000 kB\n"
					  "SwapFree: 100000 kB\n");
	CHECK(brink.is_machine);
	CHECK_INT(brink.limit_bytes, 16 * GIB);
	CHECK_INT(brink_left(&brink), 500000 * 1024);
	CHECK(brink_is_short(&brink));
}

static void a_machine_without_cgroups_has_an_end_too(void)
{
	struct brink brink = read_machine("cgroup-none",
					  "MemTotal: 2097152 kB\nMemAvailable: 104000 kB\n");
	CHECK(brink.is_machine && brink_is_short(&brink));
	/* A twentieth of it. */
	brink = read_machine("cgroup-none", "MemTotal: 2097152 kB\nMemAvailable: 106000 kB\n");
	CHECK(!brink_is_short(&brink));
}

static void what_is_not_known_is_never_short(void)
{
	static const char *const texts[] = { "", "MemTotal: 1000 kB\n", "nonsense\n" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct brink_watch watch = { .last_ms = 0 };
		struct brink brink = read_machine("cgroup-broken", texts[i]);
		CHECK_INT(brink.limit_bytes, 0);
		brink_watch_take(&watch, &brink, 100);
		CHECK(!brink_is_short(&brink) && !brink_is_near(&watch, UINT64_MAX));
		CHECK_INT(watch.next_ms, 1100);
	}
}

/** Look at a container of 1 GiB of which so much is used. */
static void take(struct brink_watch *watch, uint64_t used_bytes, uint64_t now_ms)
{
	struct brink now = {
		.limit_bytes = GIB,
		.used_bytes = used_bytes,
		.spare_bytes = GIB / 20,
	};
	brink_watch_take(watch, &now, now_ms);
}

static void it_is_near_at_nineteen_twentieths(void)
{
	struct brink_watch watch = { .last_ms = 0 };
	take(&watch, GIB / 20 * 19, 1000);
	CHECK(!brink_is_near(&watch, 0));
	take(&watch, GIB - GIB / 20, 2000);
	CHECK(brink_is_near(&watch, 0));
	take(&watch, 2 * GIB, 3000);
	CHECK(brink_is_near(&watch, 0));
	CHECK_INT(brink_left(&watch.last), 0);
}

static void it_is_near_earlier_if_it_comes_fast(void)
{
	struct brink_watch watch = { .last_ms = 0 };
	take(&watch, 500 * MIB, 1000);
	/* 10 MiB in 10 ms: the other 424 within half a second. */
	take(&watch, 600 * MIB, 1100);
	CHECK(brink_is_near(&watch, 0));
	take(&watch, 610 * MIB, 1200);
	CHECK(!brink_is_near(&watch, 0));
	/* But not before half of it is used, nor because another limit counts now. */
	take(&watch, 10 * MIB, 1300);
	take(&watch, 400 * MIB, 1310);
	CHECK(!brink_is_near(&watch, 0));
	struct brink other = { .limit_bytes = 2 * GIB, .used_bytes = 3 * GIB / 2 };
	brink_watch_take(&watch, &other, 1320);
	CHECK(!brink_is_near(&watch, 0));
}

static void it_is_near_if_less_is_left_than_is_needed(void)
{
	struct brink_watch watch = { .last_ms = 0 };
	take(&watch, 900 * MIB, 1000);
	CHECK(!brink_is_near(&watch, 123 * MIB));
	CHECK(brink_is_near(&watch, 124 * MIB));
	take(&watch, 100 * MIB, 2000);
	CHECK(!brink_is_near(&watch, 2 * GIB));
}

static void no_look_comes_too_late(void)
{
	/* At 4 GiB a second, whatever is used. */
	for (uint64_t used = 0; used < GIB - GIB / 20; used += 7 * MIB) {
		struct brink_watch watch = { .last_ms = 0 };
		take(&watch, used > MIB ? used - MIB : 0, 999);
		take(&watch, used, 1000);
		uint64_t wait_ms = watch.next_ms - 1000;
		CHECK(wait_ms <= 2 || used + wait_ms * 4 * MIB <= GIB - GIB / 20 || !used);
	}
}

static void where_nothing_moves_looks_are_rare(void)
{
	struct brink_watch watch = { .last_ms = 0 };
	take(&watch, GIB - 1, 1000);
	take(&watch, GIB - 1, 1002);
	CHECK_INT(watch.next_ms, 1022);
	take(&watch, 20 * MIB, 2000);
	CHECK(watch.next_ms >= 2200);
}

int main(void)
{
	RUN(a_container_is_scarcer_than_its_machine);
	RUN(a_machine_that_is_almost_out_is_scarcer);
	RUN(a_machine_without_cgroups_has_an_end_too);
	RUN(what_is_not_known_is_never_short);
	RUN(it_is_near_at_nineteen_twentieths);
	RUN(it_is_near_earlier_if_it_comes_fast);
	RUN(it_is_near_if_less_is_left_than_is_needed);
	RUN(no_look_comes_too_late);
	RUN(where_nothing_moves_looks_are_rare);
	return test_done();
}
