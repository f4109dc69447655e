// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/run_info.h"

#include "core/base/atomic.h"
#include "core/host/proc.h"

#include <string.h>
#include <unistd.h>

_Static_assert(RUN_INFO_SAMPLES == TIMELINE_BINS, "the timeline as it is");

/* Between these two a reader sees an odd serial: a seqlock with one writer. */
static void change_begin(struct run_info *info)
{
	store_relaxed(&info->serial, info->serial + 1);
	barrier_release();
}

static void change_end(struct run_info *info)
{
	/* Pairs with nothing: readers compare serials that they have read by pread. */
	store_release(&info->serial, info->serial + 1);
}

/** Put a text behind the others; one that does not fit is left out. */
static size_t add_text(struct run_info *info, size_t at, const char *text)
{
	size_t len = strlen(text) + 1;
	/* What follows has room for its NULs at least. */
	if (at + len > sizeof(info->text) - RUN_TEXT_COUNT) {
		text = "";
		len = 1;
	}
	memcpy(info->text + at, text, len);
	return at + len;
}

static void add_texts(struct run_info *info, const struct supervise_notes *notes)
{
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	const char *const texts[RUN_TEXT_COUNT] = {
		[RUN_COMMAND] = notes->command,
		[RUN_DIRECTORY] = notes->directory,
		[RUN_CODE] = notes->code,
		[RUN_HOST] = host,
	};
	size_t at = 0;
	for (size_t i = 0; i < RUN_TEXT_COUNT; i++) {
		at = add_text(info, at, texts[i]);
	}
}

/** Of the timeline only the last bin changes, and new ones follow it, until the width doubles. */
static void copy_timeline(struct run_info *info, const struct timeline *timeline)
{
	uint32_t from = info->sample_width_ms == timeline->width_ms && info->sample_count
		? info->sample_count - 1
		: 0;
	memcpy(info->samples + from, timeline->bins + from,
	       (timeline->count - from) * sizeof(*info->samples));
	info->sample_count = timeline->count;
	info->sample_width_ms = timeline->width_ms;
}

void run_info_begin(struct supervisor *s, const struct supervise_notes *notes)
{
	struct run_info *info = s->passing.info;
	struct proc_stat stat;
	if (!info) {
		return;
	}
	change_begin(info);
	add_texts(info, notes);
	info->flags = (notes->no_source ? RUN_NO_SOURCE : 0)
		| (cgroup_dies_together(&s->sampler.source.group) ? RUN_DIES_TOGETHER : 0);
	info->pid = s->pid;
	if (proc_read_stat(s->proc_root, s->pid, &stat)) {
		info->start_ticks = stat.start_ticks;
	}
	info->boot = proc_boot(s->proc_root);
	info->pid_namespace = proc_pid_namespace(s->proc_root);
	info->machine_oom_kills = s->sampler.kills_before.machine;
	info->version = RUN_INFO_VERSION;
	change_end(info);
	run_info_update(s);
}

void run_info_update(struct supervisor *s)
{
	struct run_info *info = s->passing.info;
	if (!info) {
		return;
	}
	change_begin(info);
	info->looks++;
	info->outcome = supervise_outcome(s);
	if (s->state != STATE_ENDED) {
		info->cgroup_bytes = s->sampler.last_cgroup_bytes;
	}
	copy_timeline(info, &s->sampler.timeline);
	change_end(info);
}
