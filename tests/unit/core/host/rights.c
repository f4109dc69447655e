// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/rights.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534u

static void status_is_parsed(void)
{
	struct rights rights;
	REQUIRE(rights_parse(&rights, "Name:\tUid:\nUid:\t0\t33\t0\t33\nGid:\t0\t34\t0\t34\n"
				      "Groups:\t4 24 1000 \nCapEff:\t000001ffffffffff\n") == 0);
	CHECK_INT(rights.user, 33);
	CHECK_INT(rights.group, 34);
	REQUIRE(rights.group_count == 3);
	CHECK_INT(rights.groups[0], 4);
	CHECK_INT(rights.groups[2], 1000);
	CHECK_INT(rights.capabilities, 0x1ffffffffff);
	CHECK(!rights.is_lent);
	rights_done(&rights);
}

static void setuid_program_lends_its_rights(void)
{
	struct rights rights;
	REQUIRE(rights_parse(&rights, "Uid:\t1000\t0\t0\t0\nGid:\t1000\t1000\t1000\t1000\n"
				      "Groups:\t \nCapEff:\t0\n") == 0);
	CHECK(rights.is_lent);
	CHECK_INT(rights.group_count, 0);
	rights_done(&rights);
	REQUIRE(rights_parse(&rights, "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t42\t42\t42\n"
				      "Groups:\t\nCapEff:\t0\n") == 0);
	CHECK(rights.is_lent);
	rights_done(&rights);
}

static void what_is_no_status_is_refused(void)
{
	static const char *const texts[] = {
		"", "Uid:\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0\n",
		"Uid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\t0\n",
		"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n",
		"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\t0\n",
	};
	struct rights rights;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		errno = 0;
		CHECK_INT(rights_parse(&rights, texts[i]), -1);
		CHECK_INT(errno, EPROTO);
	}
}

static void own_rights_are_taken_on_without_asking(void)
{
	struct rights ours;
	REQUIRE(rights_read(&ours, "", 0) == 0);
	CHECK_INT(ours.user, geteuid());
	CHECK_INT(ours.group, getegid());
	CHECK(rights_are_equal(&ours, &ours));
	CHECK_INT(rights_assume(&ours), 0);
	rights_done(&ours);
}

/* In a process of its own: the number of the first thing that is not as it should be, or 0. */
static int become(const struct rights *wanted)
{
	struct rights now;
	if (rights_assume(wanted) != 0) {
		return 1;
	}
	if (rights_read(&now, "", 0) != 0) {
		return 2;
	}
	if (now.user != wanted->user || now.group != wanted->group) {
		return 3;
	}
	if (now.group_count != wanted->group_count || now.capabilities & ~wanted->capabilities) {
		return 4;
	}
	/* For good. */
	return wanted->user && setuid(0) == 0 ? 5 : 0;
}

static int in_child(const struct rights *wanted)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		_exit(become(wanted));
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void rights_are_given_up(void)
{
	gid_t groups[] = { 7, 9 };
	/* All capabilities: none are left to somebody who is not root. */
	struct rights nobody = { NOBODY, NOBODY, groups, 2, UINT64_MAX, false };
	CHECK_INT(in_child(&nobody), 0);
	struct rights poorer_root = { 0, 0, NULL, 0, 1, false };
	CHECK_INT(in_child(&poorer_root), 0);
}

static void rights_that_we_lack_are_refused(void)
{
	struct rights root = { 0, 0, NULL, 0, UINT64_MAX, false };
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0) {
			_exit(2);
		}
		_exit(rights_assume(&root) == -1 && errno == EPERM ? 0 : 1);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

int main(void)
{
	RUN(status_is_parsed);
	RUN(setuid_program_lends_its_rights);
	RUN(what_is_no_status_is_refused);
	RUN(own_rights_are_taken_on_without_asking);
	if (geteuid() != 0) {
		SKIP("only root can take on others' rights");
	}
	RUN(rights_are_given_up);
	RUN(rights_that_we_lack_are_refused);
	return test_done();
}
