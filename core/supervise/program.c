// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/program.h"

#include "core/host/file.h"
#include "core/host/proc.h"
#include "core/supervise/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/** Of a program with tens of thousands of mappings. */
#define MAPS_BYTES_MAX ((size_t)64 << 20)
#define STATUS_BYTES_MAX ((size_t)1 << 20)

bool program_mark(int segment_fd, struct program_mark *ret_mark)
{
	struct stat status;
	if (fstat(segment_fd, &status) < 0) {
		return false;
	}
	snprintf(ret_mark->text, sizeof(ret_mark->text), " %02x:%02x %llu ", major(status.st_dev),
		 minor(status.st_dev), (unsigned long long)status.st_ino);
	return true;
}

bool program_maps(const char *proc_root, pid_t pid, const struct program_mark *mark)
{
	char path[PROC_PATH_MAX];
	cleanup_buffer struct buffer maps = { 0 };
	return proc_path(path, sizeof(path), proc_root, pid, "maps")
		&& file_read(path, MAPS_BYTES_MAX, &maps) == 0
		&& strstr(buffer_text(&maps), mark->text) != NULL;
}

void program_keep_status(struct supervisor *s)
{
	char path[PROC_PATH_MAX];
	buffer_clear(&s->last_status);
	if (proc_path(path, sizeof(path), s->proc_root, s->pid, "status")) {
		(void)file_read(path, STATUS_BYTES_MAX, &s->last_status);
	}
}

/**
 * After its rights were read: are they those of the program that has written the segment? An exec
 * of a setuid program gives a process rights that the one before had not.
 */
static bool runs_hook(const struct supervisor *s)
{
	struct program_mark mark;
	return program_mark(s->passing.segment_fd, &mark)
		&& program_maps(s->proc_root, s->pid, &mark);
}

int supervise_rights(const struct supervisor *s, struct rights *ret_rights)
{
	struct rights rights;
	bool has_ended = s->state == STATE_ENDED;
	int result = has_ended ? rights_parse(&rights, buffer_text(&s->last_status))
			       : rights_read(&rights, s->proc_root, s->pid);
	if (result != 0) {
		return -1;
	}
	if (rights.is_lent || !(has_ended || runs_hook(s))) {
		rights_done(&rights);
		errno = EPERM;
		return -1;
	}
	*ret_rights = rights;
	return 0;
}
