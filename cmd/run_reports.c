// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/run.h"

#include "cmd/browser.h"
#include "cmd/picture.h"
#include "cmd/previous.h"
#include "cmd/render.h"
#include "cmd/say.h"
#include "cmd/symbols.h"
#include "core/capture/capture.h"
#include "core/profile/collect.h"
#include "core/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the workload is kept waiting while what it holds is captured. */
#define REFUSED_TIMEOUT_MS 20000
/* Share of the run's time (and some time on top) that capturing refused allocations may take. */
#define REFUSED_SHARE 10
#define REFUSED_FREE_MS 2000
/* After that, the last report is given up. */
#define REPORT_TIMEOUT_MS (10 * 60 * 1000)
#define REPORT_TICK_MS 200

int64_t run_clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void run_find_root(const struct run *run, char *root, size_t size)
{
	char link[32];

	snprintf(root, size, "/proc/%d/root", (int)supervise_pid(run->supervisor));
	if (run->is_in_its_root
	    || supervise_outcome(run->supervisor).verdict != VERDICT_RUNNING
	    || readlink(root, link, sizeof(link)) == 1) {
		*root = '\0';
	}
}

/* Times are counted from the start of the scope, and what was sampled before is left out. */
static void begin_with_scope(const struct run *run, struct collect_request *request)
{
	int64_t before_ms = run->scope_start_unix_ms - request->outcome.start_unix_ms;
	const struct usage_sample *first = request->samples;
	uint32_t count = request->sample_count;

	before_ms = before_ms < 0 ? 0 : before_ms;
	/* The bin in which it began belongs to it. */
	while (count > 1 && first[1].time_ms <= (uint64_t)before_ms) {
		first++;
		count--;
	}
	/* What the kernel charged when that was most: perhaps before, and not for this alone. */
	request->outcome.charge = (struct charge){0};
	request->outcome.charge_tracked_bytes = 0;
	request->outcome.charge_file_bytes = 0;
	request->samples = first;
	request->sample_count = count;
	request->start_unix_ms += before_ms;
	request->outcome.start_unix_ms += before_ms;
	request->outcome.duration_ms = request->outcome.duration_ms > before_ms
		? request->outcome.duration_ms - before_ms
		: 0;
}

/* A profile's own copy of the timeline, from the start of its scope on. */
static void shift_samples(const struct run *run, struct profile *profile)
{
	int64_t run_start_ms = supervise_outcome(run->supervisor).start_unix_ms;
	int64_t before_ms = run->scope_start_unix_ms - run_start_ms;

	for (uint32_t i = 0; before_ms > 0 && i < profile->sample_count; i++) {
		uint64_t *time_ms = &profile->samples[i].time_ms;
		*time_ms = *time_ms > (uint64_t)before_ms ? *time_ms - (uint64_t)before_ms : 0;
	}
}

struct profile *run_collect(const struct run *run, enum profile_moment moment)
{
	char root[64];
	struct collect_request request = {
		.segment_fd = supervise_segment_fd(run->supervisor),
		.outcome = supervise_outcome(run->supervisor),
		.moment = moment,
		.command = run->command,
		.directory = run->directory,
		.root = root,
		.is_of_scope = run->is_of_scope,
		.with_source = !run->options->no_source,
		.code_text = run->target.code_text,
		.stacks = supervise_stacks(run->supervisor),
		.conditions = run->conditions,
	};
	struct profile *profile;

	request.start_unix_ms = request.outcome.start_unix_ms;
	request.samples = supervise_timeline(run->supervisor, &request.sample_count);
	request.touched = supervise_touched(run->supervisor, &request.touched_count);
	run_find_root(run, root, sizeof(root));
	if (run->is_of_scope) {
		begin_with_scope(run, &request);
	}
	profile = profile_collect(&request);
	if (profile && run->is_of_scope) {
		shift_samples(run, profile);
	}
	return profile;
}

struct profile *run_collect_named(const struct run *run, enum profile_moment moment)
{
	char root[64];

	run_find_root(run, root, sizeof(root));
	return symbols_name(run_collect(run, moment), root, !run->options->no_source);
}

static struct profile *read_refused(const struct run *run)
{
	struct capture_error error;
	int fd = openat(run->folder.fd, REFUSED_CAPTURE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct profile *profile = fd < 0 ? NULL : capture_read(fd, &error);

	if (fd >= 0) {
		close(fd);
	}
	return symbols_name(profile, "", !run->options->no_source);
}

struct render_options run_render_options(const struct options *options)
{
	return (struct render_options){
		.with_source = !options->no_source,
		.budget_bytes = options->budget_bytes,
	};
}

/* ---- a snapshot of the peak so far ---- */

/* A report of a running workload, into a folder of its own beside that of the run. */
static int render_beside(const struct run *run, const struct profile *profile)
{
	struct result_folder folder;
	struct shown shown;
	char *parent = strndup(run->folder.path, run->folder.parent_len);
	struct render_options how = run_render_options(run->options);

	if (!profile || !parent || shown_init(&shown, profile) != 0) {
		say_error("no report of the peak so far: cannot collect it: %s", strerror(errno));
		return 1;
	}
	if (result_folder_create(&folder, parent, run_clock_ms(CLOCK_REALTIME)) != 0) {
		say_error("no report of the peak so far: cannot make a folder in %s: %s", parent,
			  strerror(errno));
		return 1;
	}
	if (render_report(&folder, &shown, &how) != 0) {
		return 1;
	}
	say_info("%s is in %s/index.html",
		 profile->moment == MOMENT_OUT_OF_MEMORY ? "what is held now"
							 : "the peak so far", folder.path);
	return 0;
}

static int render_snapshot(void *context)
{
	struct run *run = context;

	return render_beside(run, run_collect_named(run, MOMENT_NOW));
}

/* What is held by a workload that was stopped at the limit. */
static int render_stopped(void *context)
{
	struct run *run = context;

	return render_beside(run, run_collect_named(run, MOMENT_OUT_OF_MEMORY));
}

/* What was held when the first allocation was refused: it is in the capture of that moment. */
static int render_refused(void *context)
{
	struct run *run = context;

	return render_beside(run, read_refused(run));
}

/* What worker_wait or run_wait_for_report has returned. */
static void say_snapshot_ended(int result)
{
	if (result > 256) {
		say_error("a report of the peak so far is not complete: its writer was killed by "
			  "signal %d", result - 256);
	}
}

void run_reap_snapshots(struct run *run)
{
	picture_reap(run);
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
		if (worker_is_running(&run->snapshots[i])) {
			say_snapshot_ended(worker_wait(&run->snapshots[i], 0));
		}
	}
}

/* Begin a report of the workload as it runs, made by render. */
static void start_beside(struct run *run, int (*render)(void *context))
{
	run_reap_snapshots(run);
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
		if (worker_is_running(&run->snapshots[i])) {
			continue;
		}
		if (worker_start(&run->snapshots[i], render, run) != 0) {
			say_error("no report of the peak so far: %s", strerror(errno));
		}
		return;
	}
	say_error("no further report of the peak so far: %u are being written", SNAPSHOTS_MAX);
}

void run_start_snapshot(struct run *run)
{
	start_beside(run, render_snapshot);
}

void run_show_stopped(struct run *run)
{
	int pid = (int)supervise_pid(run->supervisor);

	say_info("stopped at the limit: process %d; look at it with gdb -p %d, or py-spy dump "
		 "--pid %d", pid, pid, pid);
	say_info("to go on, without a limit: fg, or kill -CONT %d", (int)getpid());
	start_beside(run, render_stopped);
	supervise_answer(run->supervisor);
}

/* ---- what is held when an allocation is refused ---- */

static int capture_refused(void *context)
{
	struct run *run = context;
	struct profile *profile = run_collect(run, MOMENT_OUT_OF_MEMORY);

	return !profile ||
	       render_capture(&run->folder, REFUSED_CAPTURE, profile, CAPTURE_LIGHT) != 0;
}

/*
 * The newest one is kept: the workload may live on, and it is the last refusal that it dies of. A
 * program that probes for memory all the time is not slowed down without bound.
 */
void run_keep_refused(struct run *run)
{
	struct worker worker;
	int64_t before_ms = run_clock_ms(CLOCK_MONOTONIC);
	int64_t allowed_ms = REFUSED_FREE_MS + (before_ms - run->start_ms) / REFUSED_SHARE;

	if (run->refused_ms <= allowed_ms && worker_start(&worker, capture_refused, run) == 0) {
		while (worker_wait(&worker, REFUSED_TIMEOUT_MS) < 0 && errno == EINTR) {
		}
		worker_kill(&worker);
	}
	supervise_answer(run->supervisor);
	if (!run->has_shown_refusal && (run->limit.metric != CEILING_NONE || run->limit.fail_at)) {
		run->has_shown_refusal = true;
		start_beside(run, render_refused);
	}
	run->refused_ms += run_clock_ms(CLOCK_MONOTONIC) - before_ms;
}

/* ---- the report of the end ---- */

/* What was held at the refusal that the workload died of, with all that is known about its end. */
static struct profile *add_refused(const struct run *run, struct profile *last)
{
	struct profile *refused = read_refused(run);
	struct usage_sample *samples;
	uint32_t count;

	if (!refused) {
		return last;
	}
	samples = refused->samples;
	count = refused->sample_count;
	refused->samples = last->samples;
	refused->sample_count = last->sample_count;
	last->samples = samples;
	last->sample_count = count;
	refused->outcome = last->outcome;
	profile_free(last);
	return refused;
}

struct profile *run_collect_last(const struct run *run)
{
	enum verdict verdict = supervise_outcome(run->supervisor).verdict;
	bool is_out = verdict_is_out_of_memory(verdict);
	struct profile *last = run_collect_named(run, is_out ? MOMENT_OUT_OF_MEMORY : MOMENT_END);

	return last && verdict == VERDICT_ALLOCATION_FAILED ? add_refused(run, last) : last;
}

/* What --fit and --budget ask for. */
static void say_answers(const struct options *options, const struct profile *profile)
{
	struct report_options how = {
		.budget_bytes = options->budget_bytes,
		.with_source = !options->no_source,
	};

	if (options->budget_bytes && report_budget(profile, &how, say_line, NULL) != 0) {
		say_error("not enough memory to tell what to cut");
	}
	if (options->fit) {
		report_fit(profile, say_line, NULL);
	}
}

/* Under a limit runs are alike: if this one was not, what was another? */
static void say_unlike_before(const struct run *run, const struct profile *profile)
{
	char *path, *text = NULL;
	size_t len;
	struct profile *before = profile->outcome.breach.trigger != BREACH_NONE
		? previous_read(&run->folder, profile, &path)
		: NULL;
	FILE *out = before ? open_memstream(&text, &len) : NULL;

	if (!before) {
		return;
	}
	if (out) {
		report_compare_briefly(out, profile, before);
		if (fclose(out) == 0 && profile->outcome.breach.allocation !=
						before->outcome.breach.allocation) {
			say_info("unlike the run before (%s): %s", path, text);
		}
	}
	free(text);
	free(path);
	profile_free(before);
}

int run_render_last(struct run *run)
{
	struct render_options how = run_render_options(run->options);
	struct profile *profile = run_collect_last(run);
	struct shown shown;

	if (!profile || shown_init(&shown, profile) != 0) {
		say_error("no report: cannot collect what was recorded: %s", strerror(errno));
		return 1;
	}
	report_summary(&shown.profile, say_line, NULL);
	say_answers(run->options, &shown.profile);
	say_unlike_before(run, profile);
	if (render_report(&run->folder, &shown, &how) != 0) {
		return 1;
	}
	say_info("the report is in %s/index.html", run->folder.path);
	return 0;
}

static int render_last(void *context)
{
	return run_render_last(context);
}

/* Take a signal that asks us to end, if one is pending. */
static bool take_end_request(void)
{
	static const struct timespec at_once;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return sigtimedwait(&set, NULL, &at_once) > 0;
}

void run_forget_end_requests(void)
{
	while (take_end_request()) {
	}
}

int run_wait_for_report(struct worker *worker)
{
	int requests = 0;

	for (int waited_ms = 0; waited_ms < REPORT_TIMEOUT_MS; waited_ms += REPORT_TICK_MS) {
		int result = worker_wait(worker, REPORT_TICK_MS);
		if (result >= 0 || (errno != EAGAIN && errno != EINTR)) {
			return result;
		}
		if (take_end_request() && ++requests == 1) {
			say_error("still writing the report; once more to go without it");
		}
		if (requests > 1) {
			break;
		}
	}
	worker_kill(worker);
	errno = ETIMEDOUT;
	return -1;
}

/* What the worker could not say itself. */
static void say_incomplete(const struct run *run, int result, int error)
{
	bool has_capture = faccessat(run->folder.fd, "capture.fil", R_OK, 0) == 0;
	const char *what = has_capture ? "the report is not complete" : "no report";

	if (result > 256) {
		say_error("%s: its writer was killed by signal %d", what, result - 256);
	} else if (result < 0 && error == ETIMEDOUT) {
		say_error("%s: it was given up", what);
	} else {
		return;
	}
	if (has_capture) {
		say_error("all of it is in the capture: fil-profile report %s", run->folder.path);
	}
}

static void wait_for_snapshots(struct run *run)
{
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
		if (worker_is_running(&run->snapshots[i])) {
			say_snapshot_ended(run_wait_for_report(&run->snapshots[i]));
		}
	}
}

/* In a worker; without room for one more process, here: better unbounded than no report. */
static int write_last(struct run *run, pid_t *ret_writer)
{
	struct worker worker;

	*ret_writer = getpid();
	if (worker_start(&worker, render_last, run) != 0) {
		return render_last(run);
	}
	*ret_writer = worker.pid;
	return run_wait_for_report(&worker);
}

int run_write_report(struct run *run)
{
	pid_t writer;
	int result;

	run_forget_end_requests();
	picture_stop(run);
	result = write_last(run, &writer);
	if (result != 0) {
		say_incomplete(run, result, errno);
	}
	wait_for_snapshots(run);
	if (result == 0) {
		picture_remove(run);
	}
	result_folder_sweep(&run->folder, writer);
	unlinkat(run->folder.fd, REFUSED_CAPTURE, 0);
	return result == 0 ? 0 : -1;
}

void run_show_report(const struct run *run)
{
	char *page;

	/* Not there: the worker had to put it elsewhere, and said where. */
	if (run->options->no_browser || !browser_is_wanted() ||
	    faccessat(run->folder.fd, "index.html", R_OK, 0) != 0) {
		return;
	}
	page = result_folder_absolute(&run->folder, "index.html");
	if (page) {
		browser_open(page);
	}
	free(page);
}
