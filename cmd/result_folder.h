// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The folder that a report goes into: DIR/<YYYY-MM-DDTHH-MM-SS_mmm>/ in local time, a new one for
 * every report. Private: folders 0700, files 0600, whatever the umask. Under sudo, what is created
 * here (and nothing else) belongs to the caller.
 *
 * Files appear whole or not at all: they are written under another name first. The open folder is
 * held, so that a workload which changes its surroundings does not redirect the report.
 */
#ifndef CMD_RESULT_FOLDER_H
#define CMD_RESULT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct result_folder {
	/** As it is shown: relative if DIR was. Owned. */
	char *path;
	/** Bytes of path up to the end of DIR. */
	size_t parent_len;
	/** Bytes of the part of path that was there before. */
	size_t existing_len;
	int fd;
};

/** A file being written. */
struct result_file {
	const struct result_folder *folder;
	const char *name;
	char temporary[64];
	/** Write here. */
	FILE *out;
};

/**
 * Make a new folder below parent, named by a time (milliseconds since the epoch; later if that
 * name is taken), and parent itself where it is missing. 0, or -1 with errno.
 */
int result_folder_create(struct result_folder *ret_folder, const char *parent, int64_t unix_ms);

/** Use the folder path itself, made if it is missing. 0, or -1 with errno. */
int result_folder_adopt(struct result_folder *ret_folder, const char *path);

/** True if somebody removed the folder since. */
bool result_folder_is_gone(const struct result_folder *folder);

/**
 * Where to write when the folder cannot be written to: the same path anew if it is gone, else a new
 * one in $TMPDIR or /tmp. folder is replaced. 0, or -1 with errno.
 */
int result_folder_replace(struct result_folder *folder, int64_t unix_ms);

/** Remove the folder if it is empty, and what of DIR was made for it. Then done. */
void result_folder_abandon(struct result_folder *folder);

/** Remove the unfinished files of a process that was killed while it wrote them. */
void result_folder_sweep(const struct result_folder *folder, pid_t writer);

/** Let go of it; the folder stays. */
void result_folder_done(struct result_folder *folder);

/** Path of a file in the folder, absolute: malloc'ed, NULL with errno. */
char *result_folder_absolute(const struct result_folder *folder, const char *name);

/** Begin a file. name must outlive it. 0, or -1 with errno. */
int result_file_open(struct result_file *file, const struct result_folder *folder,
		     const char *name);

/** Make it appear under its name, if result is 0; else remove it. 0, or -1 with errno. */
int result_file_close(struct result_file *file, int result);

#endif
