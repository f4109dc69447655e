// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/scope_reports.h"

#include "cmd/say.h"
#include "core/profile/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- in a worker ---- */

static int enter_its_root(struct run *run)
{
	char root[64];

	run_find_root(run, root, sizeof(root));
	if (*root && (chroot(root) != 0 || chdir("/") != 0)) {
		return -1;
	}
	run->is_in_its_root = true;
	return 0;
}

static int take_on(struct run *run, const struct rights *rights)
{
	struct rights ours;
	int result = rights_read(&ours, "", 0);

	if (result == 0) {
		if (!rights_are_equal(rights, &ours)) {
			result = enter_its_root(run) == 0 ? rights_assume(rights) : -1;
		}
		rights_done(&ours);
	}
	return result;
}

/* Where rights are equal, there is nothing that we could do for it and it could not. */
static int become_workload(struct run *run)
{
	struct rights rights;
	int result = supervise_rights(run->supervisor, &rights);

	if (result == 0) {
		result = take_on(run, &rights);
		rights_done(&rights);
	}
	if (result != 0) {
		say_error("no report: it is for the program to say where, and its rights to write "
			  "there cannot be taken on: %s", strerror(errno));
	}
	return result;
}

/* Where the report goes: 0, or -1 after having said what is wrong. */
static int find_folder(struct run *run, struct scope_info *info)
{
	if (become_workload(run) != 0) {
		return -1;
	}
	if (scope_read(supervise_segment_fd(run->supervisor), info) != 0) {
		say_error("no report: cannot read what was recorded: %s", strerror(errno));
		return -1;
	}
	if (!info->folder) {
		return -1;
	}
	run->is_of_scope = true;
	run->scope_start_unix_ms = info->start_unix_ms;
	if (result_folder_adopt(&run->folder, info->folder) != 0) {
		say_error("no report: cannot write into %s: %s", info->folder, strerror(errno));
		return -1;
	}
	return 0;
}

/* Into the folder that was named, or it counts as missing. */
static int render(void *context)
{
	struct run *run = context;
	struct render_options how = run_render_options(run->options);
	struct scope_info info;
	struct profile *profile;
	struct shown shown;

	if (find_folder(run, &info) != 0) {
		return 1;
	}
	profile = run_collect_named(run, info.is_open ? MOMENT_NOW : MOMENT_END);
	if (profile) {
		profile->outcome.verdict = info.is_open ? VERDICT_RUNNING : VERDICT_PART;
	}
	if (!profile || shown_init(&shown, profile) != 0) {
		say_error("no report: cannot collect what was recorded: %s", strerror(errno));
		return 1;
	}
	return render_report(&run->folder, &shown, &how) != 0 ||
	       strcmp(run->folder.path, info.folder) != 0;
}

/* Beside the report of the run, which says all the rest. */
static int render_beside_run(struct run *run)
{
	struct render_options how = run_render_options(run->options);
	struct profile *profile = run_collect_last(run);
	struct shown shown;

	if (!profile || shown_init(&shown, profile) != 0) {
		say_error("no report of the open block: cannot collect what was recorded: %s",
			  strerror(errno));
		return 1;
	}
	if (render_report(&run->folder, &shown, &how) != 0) {
		return 1;
	}
	say_info("that of the block which was open is in %s/index.html", run->folder.path);
	return 0;
}

static int render_last(void *context)
{
	struct run *run = context;
	struct scope_info info;
	bool is_beside_run = run->folder.fd >= 0;

	if (find_folder(run, &info) != 0) {
		return 1;
	}
	return is_beside_run ? render_beside_run(run) : run_render_last(run);
}

/* ---- in the supervisor ---- */

void scope_report_start(struct run *run)
{
	/* Whoever wanted that one waits no longer: a scope has only one report at a time. */
	worker_kill(&run->scope_report);
	if (worker_start(&run->scope_report, render, run) != 0) {
		say_error("no report: %s", strerror(errno));
		supervise_scope_done(run->supervisor, 1);
	}
}

void scope_report_reap(struct run *run)
{
	int result = -1;

	if (worker_is_running(&run->scope_report)) {
		result = worker_wait(&run->scope_report, 0);
	}
	if (result >= 0) {
		supervise_scope_done(run->supervisor, (uint32_t)result);
	}
}

/* What is known of the scope, if it has a folder. */
static bool has_folder(const struct run *run, struct scope_info *info)
{
	if (scope_read(supervise_segment_fd(run->supervisor), info) != 0 || !info->folder) {
		return false;
	}
	free(info->folder);
	info->folder = NULL;
	return true;
}

bool scope_report_snapshot(struct run *run)
{
	struct scope_info info;

	if (!has_folder(run, &info)) {
		return false;
	}
	scope_report_start(run);
	return true;
}

void scope_report_last(struct run *run)
{
	struct scope_info info;

	worker_kill(&run->scope_report);
	if (!has_folder(run, &info) || !(info.is_open || info.is_report_due)) {
		return;
	}
	run_forget_end_requests();
	if (worker_start(&run->scope_report, render_last, run) != 0) {
		say_error("no report: %s", strerror(errno));
	} else if (run_wait_for_report(&run->scope_report) > 1) {
		say_error("the report of the open block is not complete: its writer was killed");
	}
}
