// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/picture.h"

#include "cmd/render.h"
#include "cmd/run.h"
#include "cmd/say.h"
#include "core/host/cgroup.h"
#include "core/host/file.h"
#include "core/report/units.h"
#include "oomsim/brink.h"
#include "oomsim/ceiling.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Share of the run's time (and some time on top) that pictures may take. */
#define SPENT_SHARE 10
#define SPENT_FREE_MS 500
/* Of what is left of the memory. */
#define ROOM_SHARE 2u
/* Less than this is not worth a try: a small profile takes more. */
#define ROOM_LEAST_BYTES ((uint64_t)2 << 20)
/* So many times as long as the last one took. */
#define YIELD_TIMES 2u

#ifndef __SANITIZE_ADDRESS__
/* The address space that this process has now; 0: not known. */
static uint64_t own_bytes(void)
{
	char text[256];

	return file_read_text("/proc/self/statm", text, sizeof(text)) > 0
		? strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE)
		: 0;
}
#endif

/* Take no more than that from now on: who asks for more is refused it. */
static void take_at_most(uint64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit limit;
	uint64_t bound = own_bytes() + bytes;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && bound < limit.rlim_cur) {
		limit.rlim_cur = bound;
		setrlimit(RLIMIT_AS, &limit);
	}
#else
	(void)bytes;
#endif
}

bool picture_is_last_word(const char *root)
{
	struct cgroup group = cgroup_find(root, 0);

	return cgroup_dies_together(&group);
}

/* Once, and not before it is true: pictures begin earlier than that. */
static void say_where(struct run *run)
{
	struct brink brink = supervise_brink(run->supervisor);
	struct units_text used = units_bytes(brink.used_bytes);

	if (run->has_picture && !run->has_told_picture && brink_is_short(&brink)) {
		run->has_told_picture = true;
		say_info("memory runs low: %s of the %s's %s are used; should all be killed, what "
			 "was held is in %s/%s", used.text,
			 brink.is_machine ? "machine" : "container",
			 units_bytes(brink.limit_bytes).text, run->folder.path, PICTURE_TEXT);
	}
}

static int make_picture(void *context)
{
	struct run *run = context;
	struct brink brink = supervise_brink(run->supervisor);
	struct render_options how = {
		.with_source = !run->options->no_source,
		.budget_bytes = run->options->budget_bytes,
	};
	struct profile *profile;

	take_at_most(brink_left(&brink) / ROOM_SHARE);
	profile = run_collect(run, MOMENT_IN_ADVANCE);
	return !profile || render_picture(&run->folder, profile, &how) != 0;
}

/* What the worker holds by itself, at most; 0 if none runs, or that cannot be read. */
static uint64_t worker_bytes(const struct worker *worker)
{
	uint64_t resident_pages = 0, shared_pages = 0;
	char path[32], text[256];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)worker->pid);
	if (worker_is_running(worker) && file_read_text(path, text, sizeof(text)) > 0) {
		ceiling_parse_statm(text, &resident_pages, &shared_pages);
	}
	return (resident_pages - shared_pages) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/*
 * Does the workload need the memory, or will it before a further picture is done? The first one
 * comes before that where all die together: it is all that will be left.
 */
static bool must_yield(const struct run *run)
{
	uint64_t needed_ms = YIELD_TIMES * (uint64_t)run->picture_took_ms;

	if (!run->has_picture && run->dies_together) {
		return false;
	}
	return supervise_is_tight(run->supervisor, worker_bytes(&run->picture)) ||
	       (!worker_is_running(&run->picture) &&
		supervise_brink_left_ms(run->supervisor) < needed_ms);
}

void picture_begin(struct run *run)
{
	struct brink brink = supervise_brink(run->supervisor);
	int64_t now_ms = run_clock_ms(CLOCK_MONOTONIC);
	int64_t allowed_ms = SPENT_FREE_MS + (now_ms - run->start_ms) / SPENT_SHARE;

	say_where(run);
	if (must_yield(run)) {
		picture_stop(run);
		return;
	}
	if (worker_is_running(&run->picture) || run->picture_spent_ms > allowed_ms
	    || brink_left(&brink) / ROOM_SHARE < ROOM_LEAST_BYTES) {
		return;
	}
	if (worker_start(&run->picture, make_picture, run) == 0) {
		run->picture_begun_ms = now_ms;
		supervise_picture_begun(run->supervisor);
	}
}

/* It has ended, with that result; what it had not finished is swept away. */
static void account(struct run *run, pid_t writer, int result)
{
	run->has_picture |= result == 0;
	result_folder_sweep(&run->folder, writer);
	run->picture_took_ms = run_clock_ms(CLOCK_MONOTONIC) - run->picture_begun_ms;
	run->picture_spent_ms += run->picture_took_ms;
}

void picture_reap(struct run *run)
{
	pid_t writer = run->picture.pid;

	if (worker_is_running(&run->picture)) {
		int result = worker_wait(&run->picture, 0);
		if (!worker_is_running(&run->picture)) {
			account(run, writer, result);
			say_where(run);
		}
	}
}

void picture_stop(struct run *run)
{
	pid_t writer = run->picture.pid;

	if (worker_is_running(&run->picture)) {
		/* One that was about to end by itself is done. */
		account(run, writer, worker_kill(&run->picture));
	}
}

void picture_remove(struct run *run)
{
	unlinkat(run->folder.fd, PICTURE_CAPTURE, 0);
	unlinkat(run->folder.fd, PICTURE_TEXT, 0);
}
