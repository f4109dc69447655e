// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Passing the hook and the segment to the workload: two memfds that it opens as /proc/PID/fd/N of
 * ours, so that it inherits no descriptor and nothing touches the disk. Where memfd or /proc is not
 * available: two real files in a folder from which code may be mapped, removed at the end. A
 * segment that is to be kept is the file of that name in any case (core/supervise/kept_file.h).
 */
#ifndef CORE_SUPERVISE_PASSING_H
#define CORE_SUPERVISE_PASSING_H

#include "core/shm/run_info.h"
#include "core/shm/segment.h"
#include "core/supervise/supervise.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct passing {
	int segment_fd;
	/** -1 if there is no hook to pass. */
	int hook_fd;
	/** Paths by which the workload opens them. hook_path is "" if there is no hook. */
	char segment_path[PATH_MAX];
	char hook_path[PATH_MAX];
	/** Real files, to be unlinked by passing_close in the process with this number; or "". */
	char segment_file[PATH_MAX];
	char hook_file[PATH_MAX];
	pid_t files_owner;
	/**
	 * The header page, the head of slot 0 and, if the segment is to be kept, the run's
	 * information, mapped: the only pages we touch through a mapping.
	 */
	struct segment_header *header;
	struct slot *slot;
	struct run_info *info;
	size_t page_bytes;
};

/**
 * Create, fill and seal both. False with *ret_error filled; nothing is left behind then. Folders
 * for the fallback are tried in order: XDG_RUNTIME_DIR, /dev/shm, /tmp, /var/tmp, fallback_folder.
 */
bool passing_open(struct passing *passing, const struct supervise_options *options,
		  struct supervise_error *ret_error);

/** The same with real files at once: what passing_open falls back to. */
bool passing_open_files(struct passing *passing, const struct supervise_options *options,
			struct supervise_error *ret_error);

/** Leave the segment's file where it is. */
void passing_keep_segment(struct passing *passing);

/** Unmap, close, remove. */
void passing_close(struct passing *passing);

#endif
