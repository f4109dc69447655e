// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/fault_counter.h"

#include "core/base/atomic.h"
#include "core/base/faults.h"
#include "core/base/saturate.h"
#include "core/host/fd.h"
#include "core/host/huge_pages.h"
#include "core/host/proc.h"
#include "core/supervise/supervisor.h"

#include <stdio.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * include/uapi/linux/perf_event.h: the headers of older systems lack what is used here. The first
 * seven versions of the struct, 128 bytes.
 */
struct perf_attributes {
	uint32_t type;
	uint32_t size;
	uint64_t config;
	uint64_t sample_period;
	uint64_t sample_type;
	uint64_t read_format;
	uint64_t flags;
	uint64_t not_used[9];
	uint64_t sig_data;
};
_Static_assert(sizeof(struct perf_attributes) == 128, "PERF_ATTR_SIZE_VER7");

#define TYPE_SOFTWARE 1u
#define COUNT_PAGE_FAULTS 2u
#define DISABLED ((uint64_t)1 << 0)
#define INHERIT ((uint64_t)1 << 1)
#define EXCLUDE_KERNEL ((uint64_t)1 << 5)
#define EXCLUDE_HYPERVISOR ((uint64_t)1 << 6)
/** To threads, and not to forked processes. */
#define INHERIT_THREAD ((uint64_t)1 << 35)
/** The next image has no handler yet. */
#define REMOVE_ON_EXEC ((uint64_t)1 << 36)
#define SIGTRAP_ON_EVENT ((uint64_t)1 << 37)
#define OPEN_CLOSE_ON_EXEC 8ul
#define IOCTL_ENABLE 0x2400u
#define IOCTL_DISABLE 0x2401u

/** AT_MINSIGSTKSZ, include/uapi/linux/auxvec.h and its architectures; 5.14. */
#define SIGNAL_FRAME_ENTRY 51ul

#define SAFE_MAJOR 5u
#define SAFE_MINOR 18u

bool fault_counter_is_safe(const char *release)
{
	unsigned major, minor;
	return sscanf(release, "%u.%u", &major, &minor) == 2
		&& (major > SAFE_MAJOR || (major == SAFE_MAJOR && minor >= SAFE_MINOR));
}

static int open_one(pid_t pid, uint64_t faults)
{
	struct perf_attributes attributes = {
		.type = TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = COUNT_PAGE_FAULTS,
		.sample_period = faults,
		.flags = DISABLED | INHERIT | INHERIT_THREAD | REMOVE_ON_EXEC | SIGTRAP_ON_EVENT
			| EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR,
		.sig_data = FAULTS_MAGIC,
	};
	return fd_above_stdio((int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1,
					   OPEN_CLOSE_ON_EXEC));
}

/** Enable the counter of one step and no other. */
static void set_step(struct supervisor *s, uint32_t step)
{
	struct fault_counter *counter = &s->faults;
	uint32_t before = counter->step;
	if (step != before && step < CEILING_STEPS) {
		ioctl(counter->fds[step], IOCTL_ENABLE, 0);
	}
	/* For the hook, whose handler counts by it. */
	store_relaxed(&s->passing.header->ceiling.fault_step, step);
	if (step != before && before < CEILING_STEPS) {
		ioctl(counter->fds[before], IOCTL_DISABLE, 0);
	}
	counter->step = step;
}

static void close_all(struct supervisor *s)
{
	/* First: a report may be under way in a process that has inherited the descriptors. */
	set_step(s, CEILING_STEPS);
	for (uint32_t i = 0; i < CEILING_STEPS; i++) {
		fd_close(&s->faults.fds[i]);
	}
	s->faults.is_open = false;
}

static void open_all(struct supervisor *s)
{
	s->faults.is_open = true;
	for (uint32_t i = 0; i < CEILING_STEPS && s->faults.is_open; i++) {
		s->faults.fds[i] = open_one(s->pid, ceiling_step_faults(i));
		s->faults.is_open = s->faults.fds[i] >= 0;
	}
	if (!s->faults.is_open) {
		close_all(s);
	}
}

void fault_counter_init(struct supervisor *s, bool is_wanted)
{
	struct utsname name;
	struct huge_pages pages = huge_pages_read(s->proc_root);
	s->faults = (struct fault_counter){ .step = CEILING_STEPS };
	for (uint32_t i = 0; i < CEILING_STEPS; i++) {
		s->faults.fds[i] = -1;
	}
	s->ceiling.fault_step = CEILING_STEPS;
	if (is_wanted && s->ceiling.metric == CEILING_RESIDENT && uname(&name) == 0
	    && fault_counter_is_safe(name.release)) {
		s->ceiling.page_bytes = pages.plain_bytes;
		s->ceiling.advised_page_bytes = pages.advised_bytes;
		s->ceiling.signal_frame_bytes = (uint32_t)getauxval(SIGNAL_FRAME_ENTRY);
	}
}

void fault_counter_request(struct supervisor *s, uint64_t step)
{
	struct fault_counter *counter = &s->faults;
	uint32_t generation = load_relaxed(&s->passing.slot->generation);
	if (!s->ceiling.page_bytes || s->breach.trigger != BREACH_NONE) {
		return;
	}
	if (generation != counter->generation) {
		/* The kernel has taken them off the last image. */
		close_all(s);
		counter->generation = generation;
		open_all(s);
	}
	if (step >= CEILING_STEPS) {
		close_all(s);
	} else if (counter->is_open && !counter->is_traced) {
		set_step(s, (uint32_t)step);
	}
}

/** The step that fits the last look. */
static uint32_t fitting_step(const struct supervisor *s)
{
	const struct segment_ceiling *ceiling = &s->ceiling;
	const struct charge *charge = &s->sampler.charge;
	uint64_t gap_bytes = saturated_difference(ceiling_with_margin(ceiling->limit_bytes),
						  charge_sum(charge));
	struct fault_pages pages = {
		.plain_bytes = ceiling->page_bytes,
		.advised_bytes = ceiling->advised_page_bytes,
		.untouched_bytes = load_relaxed(&s->passing.slot->advised_untouched_bytes),
	};
	/* Every other process has one at least, which is none of those that count. */
	uint32_t threads = charge->threads > charge->processes
		? charge->threads - charge->processes + 1
		: 1;
	return ceiling_fault_step(gap_bytes, threads, &pages);
}

void fault_counter_look(struct supervisor *s)
{
	struct fault_counter *counter = &s->faults;
	if (!counter->is_open) {
		return;
	}
	if (s->passing.slot->image_flags & IMAGE_CEILING_BLIND) {
		close_all(s);
		return;
	}
	counter->is_traced = proc_tracer(s->proc_root, s->pid) != 0;
	set_step(s, counter->is_traced ? CEILING_STEPS : fitting_step(s));
}

void fault_counter_close(struct supervisor *s)
{
	close_all(s);
}
