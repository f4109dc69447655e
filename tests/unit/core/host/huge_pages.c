// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Settings as kernels show them, in the test's own folder. */
#include "core/host/huge_pages.h"

#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#define KIB ((uint64_t)1 << 10)
#define FOLDER "sys/kernel/mm/transparent_hugepage"

static void put(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), FOLDER "/%s", name);
	FILE *file = fopen(path, "w");
	REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void check(uint64_t plain_bytes, uint64_t advised_bytes)
{
	struct huge_pages pages = huge_pages_read(".");
	CHECK_INT(pages.plain_bytes, plain_bytes);
	CHECK_INT(pages.advised_bytes, advised_bytes);
}

static void without_settings_pages_are_ordinary(void)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct huge_pages pages = huge_pages_read("nowhere");
	CHECK_INT(pages.plain_bytes, page_bytes);
	CHECK_INT(pages.advised_bytes, page_bytes);
}

static void old_kernels_have_one_size(void)
{
	put("enabled", "always [madvise] never\n");
	check(4 * KIB, 2048 * KIB);
	put("enabled", "[always] madvise never\n");
	check(2048 * KIB, 2048 * KIB);
	put("enabled", "always madvise [never]\n");
	check(4 * KIB, 4 * KIB);
	put("hpage_pmd_size", "524288\n");
	put("enabled", "always [madvise] never\n");
	check(4 * KIB, 512 * KIB);
	put("hpage_pmd_size", "2097152\n");
}

static void shared_memory_has_settings_of_its_own(void)
{
	put("enabled", "always madvise [never]\n");
	put("shmem_enabled", "always within_size [advise] never deny force\n");
	check(4 * KIB, 2048 * KIB);
	put("shmem_enabled", "always [within_size] advise never deny force\n");
	check(2048 * KIB, 2048 * KIB);
	put("shmem_enabled", "always within_size advise [never] deny force\n");
}

static void each_size_may_inherit_or_not(void)
{
	put("hugepages-64kB/enabled", "[always] inherit madvise never\n");
	put("hugepages-2048kB/enabled", "always [inherit] madvise never\n");
	check(64 * KIB, 64 * KIB);
	put("enabled", "always [madvise] never\n");
	check(64 * KIB, 2048 * KIB);
	put("hugepages-64kB/enabled", "always inherit [madvise] never\n");
	check(64 * KIB, 2048 * KIB);
	put("hugepages-64kB/enabled", "always inherit madvise [never]\n");
	check(4 * KIB, 2048 * KIB);
}

int main(void)
{
	RUN(without_settings_pages_are_ordinary);
	if (sysconf(_SC_PAGESIZE) != 4096) {
		return test_done();
	}
	REQUIRE(mkdir("sys", 0700) == 0 && mkdir("sys/kernel", 0700) == 0
		&& mkdir("sys/kernel/mm", 0700) == 0 && mkdir(FOLDER, 0700) == 0
		&& mkdir(FOLDER "/hugepages-64kB", 0700) == 0
		&& mkdir(FOLDER "/hugepages-2048kB", 0700) == 0);
	RUN(old_kernels_have_one_size);
	RUN(shared_memory_has_settings_of_its_own);
	RUN(each_size_may_inherit_or_not);
	return test_done();
}
