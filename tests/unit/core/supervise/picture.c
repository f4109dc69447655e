// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* When a picture in advance is asked for: on a captured machine whose memory runs low. */
#include "core/host/file.h"
#include "core/supervise/supervisor.h"
#include "tests/unit/core/supervise/run.h"

#include <signal.h>
#include <sys/wait.h>

#define SLICE "root/sys/fs/cgroup/user.slice/user-1000.slice/"

/** The group above ours, of 1 GiB, holds so much, all of it in use. */
static void use(const char *bytes)
{
	REQUIRE(file_write(SLICE "memory.stat", 0600, "", 0) == 0);
	REQUIRE(file_write(SLICE "memory.current", 0600, bytes, strlen(bytes)) == 0);
}

static void machine_make(const char *used_bytes)
{
	const char *tree = getenv("FIL_ROOT");
	char command[4200];
	snprintf(command, sizeof(command),
		 "rm -rf root && cp -r '%s/tests/fixtures/cgroup-v2' root &&"
		 " cp root/proc/42/cgroup root/proc/self/",
		 tree ? tree : ".");
	REQUIRE(system(command) == 0);
	use(used_bytes);
}

static struct supervisor *run(const char *script, bool no_pictures)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	struct supervise_options options = {
		.program = "/bin/sh",
		.argv = argv,
		.envp = environ,
		.fallback_folder = "/tmp",
		.proc_root = "root",
		.no_pictures = no_pictures,
	};
	struct supervise_error error = { .message = "" };
	struct supervisor *supervisor = supervise_start(&options, &error);
	CHECK_STR(error.message, "");
	REQUIRE(supervisor);
	return supervisor;
}

static void end(struct supervisor *supervisor)
{
	enum supervise_event event;
	REQUIRE(kill(supervise_pid(supervisor), SIGKILL) == 0);
	do {
		event = supervise_next(supervisor);
		CHECK(event == SUPERVISE_ENDED || event == SUPERVISE_PICTURE);
	} while (event != SUPERVISE_ENDED);
	supervise_done(supervisor);
}

static void a_container_that_is_almost_full_wants_one(void)
{
	machine_make("1030000000\n");
	struct supervisor *supervisor = run("exec sleep 1000", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	CHECK_INT(supervise_brink(supervisor).limit_bytes, 1073741824);
	CHECK_INT(supervise_brink(supervisor).used_bytes, 1030000000);
	/* It comes again, as long as none is made. */
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	end(supervisor);
}

/** A picture would come before the end of a child of ours. */
static void next_is_our_child(struct supervisor *supervisor)
{
	pid_t pid = fork();
	if (pid == 0) {
		_exit(0);
	}
	CHECK_INT(supervise_next(supervisor), SUPERVISE_CHILD_ENDED);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

static void one_that_was_made_is_enough_until_something_changes(void)
{
	machine_make("1030000000\n");
	struct supervisor *supervisor = run("exec sleep 1000", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	supervise_picture_begun(supervisor);
	use("1031000000\n");
	while (supervise_brink(supervisor).used_bytes != 1031000000) {
		next_is_our_child(supervisor);
	}
	next_is_our_child(supervisor);
	end(supervisor);
}

static void none_is_wanted_where_there_is_room(void)
{
	machine_make("400000000\n");
	struct supervisor *supervisor = run("exit 3", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_ENDED);
	supervise_done(supervisor);
}

static void none_is_wanted_if_that_is_turned_off(void)
{
	machine_make("1030000000\n");
	struct supervisor *supervisor = run("exit 3", true);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_ENDED);
	supervise_done(supervisor);
}

/** Of a program that has not allocated it takes 2 MiB, about. */
static void one_that_is_made_does_not_stand_in_its_own_way(void)
{
	machine_make("1072000000\n");
	struct supervisor *supervisor = run("exec sleep 1000", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	CHECK(supervise_is_tight(supervisor, 0));
	CHECK(supervise_is_tight(supervisor, 300000));
	CHECK(!supervise_is_tight(supervisor, 1000000));
	end(supervisor);
	/* What the workload needs until it is ended stays. */
	machine_make("1073500000\n");
	supervisor = run("exec sleep 1000", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	CHECK(supervise_is_tight(supervisor, 4000000));
	end(supervisor);
}

/** A picture reads them one after the other. */
static void ledgers_are_not_reckoned_together(void)
{
	machine_make("1022000000\n");
	struct supervisor *supervisor = run("exec sleep 1000", false);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_PICTURE);
	for (uint32_t i = 0; i < LEDGER_COUNT; i++) {
		supervisor->passing.header->arena[ARENA_LEDGER + i].used = 900000;
	}
	CHECK(!supervise_is_tight(supervisor, 0));
	supervisor->passing.header->arena[ARENA_ENTRY].used = 900000;
	CHECK(supervise_is_tight(supervisor, 0));
	end(supervisor);
}

int main(void)
{
	RUN(a_container_that_is_almost_full_wants_one);
	RUN(one_that_was_made_is_enough_until_something_changes);
	RUN(one_that_is_made_does_not_stand_in_its_own_way);
	RUN(ledgers_are_not_reckoned_together);
	RUN(none_is_wanted_where_there_is_room);
	RUN(none_is_wanted_if_that_is_turned_off);
	return test_done();
}
