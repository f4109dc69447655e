// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/limit.h"

#include "cmd/size.h"
#include "core/host/cgroup.h"
#include "core/host/proc.h"

#include <stdio.h>
#include <string.h>

/* Below this no interpreter starts, and the question was another one. */
#define BYTES_MIN ((uint64_t)1 << 20)
/*
 * --limit=auto comes before the kernel: we are in the same container, with the supervisor and the
 * segment, and the kernel needs some pages to work with.
 */
#define AUTO_PARTS 50u
#define AUTO_OURS_BYTES ((uint64_t)24 << 20)
/* Of a machine that others use, too. */
#define AUTO_MACHINE_PARTS 20u

const char *const limit_metric_names[] = {
	[CEILING_RESIDENT - CEILING_RESIDENT] = "resident",
	[CEILING_ALLOCATED - CEILING_RESIDENT] = "allocated",
	[CEILING_ADDRESS_SPACE - CEILING_RESIDENT] = "address-space",
	NULL,
};
const char *const limit_action_names[] = {
	[CEILING_KILL] = "kill",
	[CEILING_ENOMEM] = "enomem",
	[CEILING_STOP] = "stop",
	NULL,
};

bool limit_is_valid(const char *text)
{
	uint64_t bytes;
	double percent;

	return strcmp(text, "auto") == 0 || size_parse(text, &bytes) ||
	       size_parse_percent(text, &percent);
}

static int fail(char *message, unsigned size, const char *text, const char *why)
{
	snprintf(message, size, "--limit=%s: %s", text, why);
	return -1;
}

/* The ceiling that comes just before the one that is there. */
static uint64_t just_under(uint64_t bytes, unsigned parts)
{
	uint64_t less = bytes / parts + AUTO_OURS_BYTES;

	return less < bytes / 2 ? bytes - less : bytes / 2;
}

static void resolve_auto(struct limit *limit, uint64_t ram_bytes, const char *root)
{
	struct cgroup group = cgroup_find(root, 0);
	uint64_t group_bytes = group.version ? cgroup_limit(&group) : 0;

	if (group_bytes && (!ram_bytes || group_bytes < ram_bytes)) {
		limit->bytes = just_under(group_bytes, AUTO_PARTS);
		snprintf(limit->origin, sizeof(limit->origin), "just under the container's limit");
	} else {
		limit->bytes = just_under(ram_bytes, AUTO_MACHINE_PARTS);
		snprintf(limit->origin, sizeof(limit->origin), "just under the machine's RAM");
	}
}

static int resolve_size(struct limit *limit, const char *text, const char *root, char *message,
			unsigned size)
{
	uint64_t ram_bytes = proc_machine_ram(root);
	bool is_size = size_parse(text, &limit->bytes);
	double percent;

	if (!is_size && !ram_bytes) {
		return fail(message, size, text,
			    "/proc does not tell how much RAM there is; give a size, as in 2G");
	}
	if (!is_size && size_parse_percent(text, &percent)) {
		limit->bytes = (uint64_t)((double)ram_bytes * percent / 100);
		snprintf(limit->origin, sizeof(limit->origin), "%g %% of the machine's RAM",
			 percent);
	} else if (!is_size) {
		resolve_auto(limit, ram_bytes, root);
	}
	return limit->bytes >= BYTES_MIN
		? 0
		: fail(message, size, text,
		       "no program runs in less than 1 MiB; give a unit, as in 512M");
}

/* The position of a name that was checked when it was parsed; NULL is the first. */
static unsigned index_of(const char *const *names, const char *name)
{
	unsigned i = 0;

	while (name && names[i] && strcmp(names[i], name) != 0) {
		i++;
	}
	return i;
}

int limit_resolve(struct limit *limit, const struct options *options, const char *root,
		  char *message, unsigned message_size)
{
	*limit = (struct limit){.metric = CEILING_NONE, .fail_at = options->fail_at};
	limit->is_deterministic = (options->limit || options->fail_at) &&
				  !options->no_deterministic;
	if (!options->limit) {
		if (options->limit_of || options->on_limit) {
			snprintf(message, message_size, "%s needs a --limit=SIZE",
				 options->limit_of ? "--limit-of" : "--on-limit");
			return -1;
		}
		return 0;
	}
	limit->metric = CEILING_RESIDENT + index_of(limit_metric_names, options->limit_of);
	limit->action = CEILING_KILL + index_of(limit_action_names, options->on_limit);
	return resolve_size(limit, options->limit, root, message, message_size);
}
