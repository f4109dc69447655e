// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What a segment says about the scope of its workload: core/shm/segment.h, struct scope. */
#ifndef CORE_PROFILE_SCOPE_H
#define CORE_PROFILE_SCOPE_H

#include "core/profile/segment_reader.h"

#include <stdbool.h>
#include <stdint.h>

struct scope_info {
	/** The workload was in the middle of it. */
	bool is_open;
	/** Reports were asked for that nobody has written. */
	bool is_report_due;
	int64_t start_unix_ms;
	/** Where its report goes: absolute; malloc'ed, NULL if there is no such place. */
	char *folder;
};

/**
 * Read it: of the first slot that has one. 0, or -1 with errno. The caller frees folder. What
 * cannot be a folder's path is none.
 */
int scope_read(int segment_fd, struct scope_info *ret_info);

/** The texts of source files that the workload has handed over. */
struct scope_sources {
	const struct arena_copy *codes;
	const struct arena_copy *texts;
	/** Numbers of the codes that are sources, oldest first. */
	uint32_t *numbers;
	uint32_t count;
};

/** Find them among the codes; the copies must outlive it. 0, or -1 with errno ENOMEM. */
int scope_sources_init(struct scope_sources *sources, const struct arena_copy *codes,
		       const struct arena_copy *texts);

/**
 * The text number of what reports call a file, from the text number of its name in the segment:
 * that itself unless it was handed over under another.
 */
uint32_t scope_shown_name(const struct scope_sources *sources, uint32_t filename);

/** The newest text of a file, by what reports call it; malloc'ed; NULL if there is none. */
char *scope_source(const struct scope_sources *sources, const char *name, size_t *ret_len);

void scope_sources_done(struct scope_sources *sources);

#endif
