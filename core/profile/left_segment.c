// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/left_segment.h"

#include "core/host/claim.h"
#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/proc.h"
#include "core/profile/collect.h"
#include "core/shm/run_info.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** How often the information is read again because it was being changed. */
#define TRIES 20u
/** What the kernel sets in the number of a supervisor that has died (FUTEX_OWNER_DIED). */
#define OWNER_DIED 0x40000000u
/** A cgroup that held this part of its limit may well have run out of memory: nine tenths. */
#define FULL_PARTS 9u
#define FULL_OF 10u

struct left {
	const char *root;
	bool is_claimed;
	/** The kernel has seen the supervisor end. */
	bool owner_died;
	struct run_info info;
	/** By enum run_text, in info. */
	const char *texts[RUN_TEXT_COUNT];
};

bool left_segment_is_one(int fd)
{
	uint64_t magic;
	return pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) && magic == SEGMENT_MAGIC;
}

static int read_info(int fd, struct run_info *info)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t serial;
		uint64_t serial_at = RUN_INFO_OFFSET + offsetof(struct run_info, serial);
		if (fd_pread_all(fd, info, sizeof(*info), RUN_INFO_OFFSET) < 0
		    || fd_pread_all(fd, &serial, sizeof(serial), serial_at) < 0) {
			return -1;
		}
		if (serial == info->serial && serial % 2 == 0) {
			break;
		}
	}
	/* Of a supervisor that was killed while it wrote, what is there is taken as it is. */
	if (info->version != RUN_INFO_VERSION) {
		memset(info, 0, sizeof(*info));
	}
	return 0;
}

/* ---- nothing in it is believed ---- */

static void find_texts(struct left *left)
{
	char *text = left->info.text;
	size_t at = 0;
	text[sizeof(left->info.text) - 1] = 0;
	for (size_t i = 0; i < RUN_TEXT_COUNT; i++) {
		left->texts[i] = text + at;
		at += strlen(text + at);
		at += at < sizeof(left->info.text) - 1;
	}
}

/** Keep the samples that are in the order of time. */
static void check_samples(struct run_info *info)
{
	uint32_t kept = 0;
	uint32_t count =
		info->sample_count < RUN_INFO_SAMPLES ? info->sample_count : RUN_INFO_SAMPLES;
	for (uint32_t i = 0; i < count; i++) {
		if (!kept || info->samples[i].time_ms > info->samples[kept - 1].time_ms) {
			info->samples[kept++] = info->samples[i];
		}
	}
	info->sample_count = kept;
}

static void check_outcome(struct outcome *outcome)
{
	unsigned char core_dumped;
	/* Another byte than 0 or 1 is no bool that could be looked at. */
	memcpy(&core_dumped, &outcome->core_dumped, 1);
	outcome->core_dumped = core_dumped != 0;
	if ((uint32_t)outcome->verdict >= VERDICT_COUNT) {
		outcome->verdict = VERDICT_UNKNOWN;
	}
	outcome->breach = breach_checked(outcome->breach);
}

/* ---- how it ended ---- */

static bool workload_lives(const struct left *left)
{
	const struct run_info *info = &left->info;
	struct proc_stat stat;
	return info->pid > 0 && info->boot && info->boot == proc_boot(left->root)
		&& info->pid_namespace
		&& info->pid_namespace == proc_pid_namespace(left->root)
		&& proc_read_stat(left->root, info->pid, &stat)
		&& stat.start_ticks == info->start_ticks && !stat.is_exiting;
}

/** Out-of-memory kills that this machine has counted since the start, if it is still the same. */
static uint64_t machine_kills(const struct left *left)
{
	int64_t before = left->info.machine_oom_kills;
	int64_t now = proc_machine_oom_kills(left->root);
	bool is_same = left->info.boot && left->info.boot == proc_boot(left->root);
	return is_same && before >= 0 && now > before ? (uint64_t)(now - before) : 0;
}

static void conclude(struct left *left)
{
	struct outcome *outcome = &left->info.outcome;
	if (outcome->verdict != VERDICT_RUNNING || left->is_claimed || workload_lives(left)) {
		return;
	}
	outcome->verdict = VERDICT_LOST;
	outcome->lost = (left->owner_died ? LOST_KILLED : 0)
		| (left->info.flags & RUN_DIES_TOGETHER ? LOST_DIES_TOGETHER : 0);
	outcome->cgroup_last_usage_bytes = left->info.cgroup_bytes;
	outcome->machine_oom_kills = machine_kills(left);
}

/** Memory may well be why. */
static bool has_run_out(const struct outcome *outcome)
{
	uint64_t limit = outcome->cgroup_limit_bytes;
	return outcome->lost & LOST_DIES_TOGETHER && outcome->lost & LOST_KILLED && limit
		&& outcome->cgroup_last_usage_bytes >= limit / FULL_OF * FULL_PARTS;
}

static enum profile_moment moment_of(const struct outcome *outcome)
{
	if (outcome->verdict == VERDICT_RUNNING) {
		return MOMENT_NOW;
	}
	return verdict_is_out_of_memory(outcome->verdict)
			|| (outcome->verdict == VERDICT_LOST && has_run_out(outcome))
		? MOMENT_OUT_OF_MEMORY
		: MOMENT_END;
}

static int read_left(struct left *left, int fd)
{
	struct segment_header header;
	/* Before the information: a run that ends meanwhile has then written how. */
	left->is_claimed = claim_is_taken(fd);
	if (fd_pread_all(fd, &header, sizeof(header), 0) < 0 || read_info(fd, &left->info) < 0) {
		/* A file that is cut off before that holds nothing. */
		errno = errno == EIO ? EPROTO : errno;
		return -1;
	}
	left->owner_died = header.supervisor_tid & OWNER_DIED;
	find_texts(left);
	check_samples(&left->info);
	check_outcome(&left->info.outcome);
	return 0;
}

static struct profile *collect(const struct left *left, int fd, bool with_source)
{
	const struct run_info *info = &left->info;
	struct collect_request request = {
		.segment_fd = fd,
		.outcome = info->outcome,
		.moment = moment_of(&info->outcome),
		.command = left->texts[RUN_COMMAND],
		.directory = left->texts[RUN_DIRECTORY],
		.host = left->texts[RUN_HOST],
		.root = "",
		.with_source = with_source && !(info->flags & RUN_NO_SOURCE),
		.start_unix_ms = info->outcome.start_unix_ms,
		.code_text = *left->texts[RUN_CODE] ? left->texts[RUN_CODE] : NULL,
		.samples = info->samples,
		.sample_count = info->sample_count,
	};
	return profile_collect(&request);
}

struct profile *left_segment_read(int fd, const char *root, bool with_source)
{
	cleanup_free struct left *left = calloc(1, sizeof(*left));
	if (!left) {
		return NULL;
	}
	left->root = root;
	if (read_left(left, fd) < 0) {
		return NULL;
	}
	conclude(left);
	return collect(left, fd, with_source);
}
