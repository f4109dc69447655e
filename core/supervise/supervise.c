// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/supervise.h"

#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/host/proc.h"
#include "core/supervise/breach.h"
#include "core/supervise/child.h"
#include "core/supervise/environment.h"
#include "core/supervise/error.h"
#include "core/supervise/events.h"
#include "core/supervise/reaper.h"
#include "core/supervise/run_info.h"
#include "core/supervise/supervisor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NO_PROC "/dev/null"

static int64_t unix_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Everything that the workload will find. Order: signals first, so that none kills us halfway. */
static bool prepare(struct supervisor *s, const struct supervise_options *options,
		    struct supervise_error *ret_error)
{
	const char *root = options->proc_root ? options->proc_root : "/";
	/*
	 * Paths are put behind it, with a slash. Nothing is below NO_PROC: all numbers are then 0.
	 */
	root = strcmp(root, "/") == 0 ? "" : root;
	root = *root || proc_is_ours(root) ? root : NO_PROC;
	snprintf(s->proc_root, sizeof(s->proc_root), "%s", root);
	if (signals_open(&s->signals) < 0) {
		return error_set(ret_error, 125, errno, "cannot read signals");
	}
	if (!passing_open(&s->passing, options, ret_error)) {
		return false;
	}
	s->ceiling = (struct segment_ceiling){
		.metric = options->ceiling_metric,
		.action = options->ceiling_action,
		.limit_bytes = options->ceiling_bytes,
		.fail_at = options->fail_at,
	};
	fault_counter_init(s, !options->no_fault_counter);
	picture_init(&s->picture, !options->no_pictures);
	s->passing.header->ceiling = s->ceiling;
	s->passing.header->flags |= options->is_on_request ? SEGMENT_ON_REQUEST : 0;
	if (!doorbell_claim(&s->doorbell, s->passing.header)) {
		return error_set(ret_error, 125, errno,
				 "cannot announce ourselves to the workload");
	}
	return true;
}

static bool launch(struct supervisor *s, const struct supervise_options *options,
		   struct supervise_error *ret_error)
{
	const char *hook_path = s->passing.hook_path[0] ? s->passing.hook_path : NULL;
	char **environment =
		environment_new(options->envp, hook_path, s->passing.segment_path);
	if (!environment) {
		return error_set(ret_error, 125, errno, "cannot put the environment together");
	}
	sampler_open(&s->sampler, s->proc_root, s->passing.segment_fd, s->passing.header);
	struct child_plan plan = {
		.options = options,
		.passing = &s->passing,
		.signals = &s->signals,
		.environment = environment,
		.oom_bias = child_oom_bias(s->sampler.limit_bytes, proc_machine_ram(s->proc_root)),
	};
	/* Before the workload: from its first moment a signal to the group is seen to be one. */
	s->held.will = will_new();
	witness_open(&s->witness, s->proc_root, s->held.will, plan.oom_bias);
	s->start_unix_ms = unix_ms();
	s->start_ms = sampler_now_ms();
	s->pid = child_start(&plan, &s->is_randomised, ret_error);
	environment_free(environment);
	return s->pid > 0;
}

struct supervisor *supervise_start(const struct supervise_options *options,
				   struct supervise_error *ret_error)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	if (!s) {
		error_set(ret_error, 125, errno, "cannot start");
		return NULL;
	}
	s->passing = (struct passing){ .segment_fd = -1, .hook_fd = -1 };
	s->signals.fd = -1;
	s->doorbell.event_fd = -1;
	s->witness.fd = -1;
	s->sampler.source.status_fd = -1;
	s->sampler.source.membership_fd = -1;
	s->sampler.source.group_fd = -1;
	if (!prepare(s, options, ret_error) || !launch(s, options, ret_error)) {
		supervise_done(s);
		return NULL;
	}
	doorbell_listen(&s->doorbell);
	s->is_reaper = reaper_is_needed();
	descendants_open(&s->descendants, s->proc_root, s->pid);
	sampler_attach(&s->sampler, s->pid, s->start_ms);
	sampler_look(&s->sampler, &s->descendants, sampler_now_ms());
	run_info_begin(s, &options->notes);
	return s;
}

static enum supervise_event next_event(struct supervisor *s)
{
	for (;;) {
		if (s->wants_failed) {
			s->wants_failed = false;
			return SUPERVISE_FAILED_ALLOCATION;
		}
		if (s->wants_breach) {
			s->wants_breach = false;
			return SUPERVISE_BREACH;
		}
		if (s->state == STATE_ENDED) {
			return SUPERVISE_ENDED;
		}
		if (s->wants_scope) {
			s->wants_scope = false;
			return SUPERVISE_SCOPE;
		}
		if (s->wants_snapshot) {
			s->wants_snapshot = false;
			return SUPERVISE_SNAPSHOT;
		}
		if (s->wants_picture) {
			s->wants_picture = false;
			return SUPERVISE_PICTURE;
		}
		if (s->child_ended) {
			s->child_ended = false;
			return SUPERVISE_CHILD_ENDED;
		}
		events_wait(s);
	}
}

enum supervise_event supervise_next(struct supervisor *s)
{
	enum supervise_event event = next_event(s);
	if (event != SUPERVISE_ENDED && event != SUPERVISE_CHILD_ENDED) {
		/* What is held now is going to be told. */
		sampler_look_at_sparse(&s->sampler);
	}
	return event;
}

void supervise_answer(struct supervisor *s)
{
	uint32_t *kind = &s->passing.slot->request.kind;
	/* Pairs with the acquire load of the hook that waits. */
	store_release(kind, REQUEST_NONE);
	sys_futex_wake(kind, INT_MAX);
	breach_stop_self(s);
}

void supervise_scope_done(struct supervisor *s, uint32_t result)
{
	struct scope *scope = &s->passing.slot->scope;
	scope->report_result = result;
	/* Pairs with the acquire load of the hook that waits. */
	store_release(&scope->reports_done, load_relaxed(&scope->reports_wanted));
	sys_futex_wake(&scope->reports_done, INT_MAX);
}

bool supervise_is_randomised(const struct supervisor *s)
{
	return s->is_randomised;
}

int supervise_segment_fd(const struct supervisor *s)
{
	return s->passing.segment_fd;
}

const struct usage_sample *supervise_timeline(const struct supervisor *s, uint32_t *ret_count)
{
	*ret_count = s->sampler.timeline.count;
	return s->sampler.timeline.bins;
}

const struct remote_stacks *supervise_stacks(const struct supervisor *s)
{
	return &s->stacks;
}

const struct sparse_mapping *supervise_touched(const struct supervisor *s, uint32_t *ret_count)
{
	*ret_count = s->sampler.touched.count;
	return s->sampler.touched.seen;
}

pid_t supervise_pid(const struct supervisor *s)
{
	return s->pid;
}

void supervise_keep_segment(struct supervisor *s)
{
	passing_keep_segment(&s->passing);
}

void supervise_done(struct supervisor *s)
{
	if (!s) {
		return;
	}
	if (s->faults.is_open) {
		fault_counter_close(s);
	}
	buffer_done(&s->held.processes);
	remote_stacks_done(&s->stacks);
	buffer_done(&s->last_status);
	will_free(s->held.will);
	sampler_close(&s->sampler);
	witness_close(&s->witness);
	doorbell_close(&s->doorbell);
	passing_close(&s->passing);
	signals_discard(&s->signals);
	signals_close(&s->signals);
	free(s);
}
