// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Memory cgroups of all kinds of machines: see tests/fixtures/README.md. */
#include "core/host/cgroup.h"

#include "tests/unit/test.h"

/** "tests/fixtures/NAME" below the source tree. */
static const char *fixture(const char *name)
{
	static char path[1024];
	const char *root = getenv("FIL_ROOT");
	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", root ? root : ".", name);
	return path;
}

static struct cgroup find(const char *name)
{
	return cgroup_find(fixture(name), 42);
}

static void version_1_with_the_limit_above(void)
{
	struct cgroup group = find("cgroup-v1");
	CHECK_INT(group.version, 1);
	CHECK(strstr(group.folder, "/sys/fs/cgroup/memory/batch/job 7"));
	CHECK_INT(cgroup_limit(&group), 209715200);
	CHECK_INT(cgroup_usage(&group), 37658624);
	CHECK_INT(cgroup_peak(&group), 52506624);
	CHECK_INT(cgroup_oom_kills(&group), 2);
	CHECK_INT(cgroup_ancestors_oom_kills(&group), 7);
}

static void version_1_in_a_container_with_the_hosts_paths(void)
{
	struct cgroup group = find("cgroup-v1-docker");
	CHECK_INT(group.version, 1);
	CHECK_INT(cgroup_limit(&group), 536870912);
	CHECK_INT(cgroup_usage(&group), 123456789);
	CHECK_INT(cgroup_oom_kills(&group), 1);
	CHECK_INT(cgroup_ancestors_oom_kills(&group), -1);
}

static void hybrid_has_memory_in_version_1(void)
{
	struct cgroup group = find("cgroup-hybrid");
	CHECK_INT(group.version, 1);
	CHECK_INT(cgroup_usage(&group), 77);
	CHECK_INT(cgroup_limit(&group), 0);
}

static void version_2_with_a_lower_limit_above(void)
{
	struct cgroup group = find("cgroup-v2");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 1073741824);
	CHECK_INT(cgroup_usage(&group), 700000000);
	CHECK_INT(cgroup_peak(&group), 750000000);
	CHECK_INT(cgroup_oom_kills(&group), 1);
	CHECK_INT(cgroup_ancestors_oom_kills(&group), 11);
}

static void the_group_with_the_least_room_counts(void)
{
	struct cgroup group = find("cgroup-v2");
	struct cgroup_room room = cgroup_tightest(&group);
	CHECK_INT(room.limit_bytes, 1073741824);
	CHECK_INT(room.used_bytes, 800000000 - 120000000);
	group = find("cgroup-v1");
	room = cgroup_tightest(&group);
	CHECK_INT(room.limit_bytes, 209715200);
	CHECK_INT(room.used_bytes, 190000000 - 61440000);
	/* Without memory.stat all of it counts. */
	group = find("cgroup-v2-kubernetes");
	room = cgroup_tightest(&group);
	CHECK_INT(room.limit_bytes, 536870912);
	CHECK_INT(room.used_bytes, 500000000);
}

static void version_2_with_a_namespace(void)
{
	struct cgroup group = find("cgroup-v2-container");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 268435456);
	CHECK_INT(cgroup_oom_kills(&group), 8);
	CHECK_INT(cgroup_ancestors_oom_kills(&group), -1);
}

/** Kubernetes from 1.28 on, as the node sees it and as the container does. */
static void version_2_that_dies_together(void)
{
	struct cgroup group = find("cgroup-v2-kubernetes");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 536870912);
	CHECK(cgroup_dies_together(&group));
	group = find("cgroup-v2-container");
	CHECK(cgroup_dies_together(&group));
}

static void groups_that_do_not_die_together(void)
{
	static const char *const names[] = { "cgroup-v1", "cgroup-v1-docker", "cgroup-hybrid",
					     "cgroup-v2", "cgroup-v2-old", "cgroup-broken",
					     "cgroup-none" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cgroup group = find(names[i]);
		CHECK(!cgroup_dies_together(&group));
	}
}

static void version_2_of_an_old_kernel(void)
{
	struct cgroup group = find("cgroup-v2-old");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 0);
	CHECK_INT(cgroup_peak(&group), 0);
	CHECK_INT(cgroup_oom_kills(&group), 2);
}

static void process_outside_what_is_mounted(void)
{
	struct cgroup group = find("cgroup-outside");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 1000000);
}

static void check_nothing_is_known(const struct cgroup *group)
{
	CHECK_INT(cgroup_limit(group), 0);
	CHECK_INT(cgroup_usage(group), 0);
	CHECK_INT(cgroup_peak(group), 0);
	CHECK_INT(cgroup_oom_kills(group), -1);
	CHECK_INT(cgroup_ancestors_oom_kills(group), -1);
	CHECK_INT(cgroup_tightest(group).limit_bytes, 0);
}

static void no_cgroup_is_no_error(void)
{
	struct cgroup none = find("cgroup-none");
	struct cgroup nowhere = find("no-such-folder");
	CHECK_INT(none.version, 0);
	CHECK_INT(nowhere.version, 0);
	check_nothing_is_known(&none);
	check_nothing_is_known(&nowhere);
}

static void nonsense_is_no_error(void)
{
	struct cgroup group = find("cgroup-broken");
	CHECK_INT(group.version, 2);
	CHECK_INT(cgroup_limit(&group), 0);
	CHECK_INT(cgroup_usage(&group), 0);
	CHECK_INT(cgroup_oom_kills(&group), -1);
}

int main(void)
{
	RUN(version_1_with_the_limit_above);
	RUN(version_1_in_a_container_with_the_hosts_paths);
	RUN(hybrid_has_memory_in_version_1);
	RUN(version_2_with_a_lower_limit_above);
	RUN(the_group_with_the_least_room_counts);
	RUN(version_2_with_a_namespace);
	RUN(version_2_that_dies_together);
	RUN(groups_that_do_not_die_together);
	RUN(version_2_of_an_old_kernel);
	RUN(process_outside_what_is_mounted);
	RUN(no_cgroup_is_no_error);
	RUN(nonsense_is_no_error);
	return test_done();
}
