// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/limit.h"
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

/* A machine's files below "machine" in the test's own folder. */
static void put(const char *path, const char *text)
{
	char whole[256];
	FILE *file;

	snprintf(whole, sizeof(whole), "machine/%s", path);
	for (char *slash = strchr(whole, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	file = fopen(whole, "w");
	REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_machine(void)
{
	put("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         1000 kB\n");
	put("proc/self/cgroup", "0::/pod/job\n");
	put("proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	put("sys/fs/cgroup/pod/job/memory.current", "1000\n");
	put("sys/fs/cgroup/pod/job/memory.max", "max\n");
	put("sys/fs/cgroup/pod/memory.max", "2147483648\n");
}

static char message[256];

static int resolve(struct limit *limit, struct options options)
{
	message[0] = '\0';
	return limit_resolve(limit, &options, "machine", message, sizeof(message));
}

static void without_a_limit_there_is_none(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){0}), 0);
	CHECK_INT(limit.metric, CEILING_NONE);
	CHECK(!limit.is_deterministic);
}

static void a_size_is_taken_as_it_is(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){.limit = "300M"}), 0);
	CHECK_INT(limit.metric, CEILING_RESIDENT);
	CHECK_INT(limit.action, CEILING_KILL);
	CHECK_INT(limit.bytes, 300 * MIB);
	CHECK(limit.is_deterministic);
	CHECK_STR(limit.origin, "");
	CHECK_INT(resolve(&limit, (struct options){.limit = "1G", .limit_of = "address-space",
						   .on_limit = "stop",
						   .no_deterministic = true}), 0);
	CHECK_INT(limit.metric, CEILING_ADDRESS_SPACE);
	CHECK_INT(limit.action, CEILING_STOP);
	CHECK(!limit.is_deterministic);
}

static void a_part_is_one_of_the_machine(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){.limit = "25%"}), 0);
	CHECK_INT(limit.bytes, 2048 * MIB);
	CHECK_STR(limit.origin, "25 % of the machine's RAM");
}

static void auto_is_just_under_the_lowest_limit_of_the_container(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){.limit = "auto"}), 0);
	CHECK(limit.bytes < 2048 * MIB && limit.bytes > 1900 * MIB);
	CHECK_STR(limit.origin, "just under the container's limit");
}

static void auto_without_a_container_is_just_under_the_machine(void)
{
	struct limit limit;

	put("sys/fs/cgroup/pod/memory.max", "max\n");
	CHECK_INT(resolve(&limit, (struct options){.limit = "auto"}), 0);
	CHECK(limit.bytes < 8192 * MIB && limit.bytes > 7000 * MIB);
	CHECK_STR(limit.origin, "just under the machine's RAM");
}

static void what_cannot_be_is_explained(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){.limit = "300"}), -1);
	CHECK_STR(message, "--limit=300: no program runs in less than 1 MiB; give a unit, as in "
			   "512M");
	CHECK_INT(resolve(&limit, (struct options){.on_limit = "stop"}), -1);
	CHECK_STR(message, "--on-limit needs a --limit=SIZE");
	put("proc/meminfo", "");
	CHECK_INT(resolve(&limit, (struct options){.limit = "50%"}), -1);
	CHECK_STR(message, "--limit=50%: /proc does not tell how much RAM there is; give a size, "
			   "as in 2G");
}

static void an_allocation_can_be_chosen_without_a_limit(void)
{
	struct limit limit;

	CHECK_INT(resolve(&limit, (struct options){.fail_at = 7}), 0);
	CHECK_INT(limit.metric, CEILING_NONE);
	CHECK_INT(limit.fail_at, 7);
	CHECK(limit.is_deterministic);
}

int main(void)
{
	make_machine();
	RUN(without_a_limit_there_is_none);
	RUN(a_size_is_taken_as_it_is);
	RUN(a_part_is_one_of_the_machine);
	RUN(auto_is_just_under_the_lowest_limit_of_the_container);
	RUN(auto_without_a_container_is_just_under_the_machine);
	RUN(what_cannot_be_is_explained);
	RUN(an_allocation_can_be_chosen_without_a_limit);
	return test_done();
}
