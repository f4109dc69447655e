// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/segment.h"

#include "cmd/commands.h"
#include "cmd/render.h"
#include "cmd/say.h"
#include "core/host/cgroup.h"
#include "core/host/claim.h"
#include "core/host/fd.h"
#include "core/profile/left_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREVIOUS ".previous"

enum in_the_way {
	NOTHING,
	/* A file without content. */
	EMPTY,
	/* An earlier run's. */
	SEGMENT,
	SEGMENT_IN_USE,
	SOMETHING_ELSE,
	/* errno says why it could not be looked at. */
	UNREADABLE,
};

static enum in_the_way look_at(const char *path)
{
	struct stat status;
	cleanup_fd int fd = -1;

	if (lstat(path, &status) != 0) {
		return errno == ENOENT ? NOTHING : UNREADABLE;
	}
	if (!S_ISREG(status.st_mode)) {
		return SOMETHING_ELSE;
	}
	if (status.st_size == 0) {
		return EMPTY;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		return UNREADABLE;
	}
	if (!left_segment_is_one(fd)) {
		return SOMETHING_ELSE;
	}
	return claim_is_taken(fd) ? SEGMENT_IN_USE : SEGMENT;
}

static int refuse_errno(struct refusal *refusal, const char *path, int error)
{
	return program_refuse(refusal, STATUS_OWN_ERROR, NULL, "cannot use --segment=%s: %s", path,
			      strerror(error));
}

static int refuse_to_replace(struct refusal *refusal, const char *path)
{
	return program_refuse(refusal, STATUS_OWN_ERROR, "name another file, or remove it",
			      "%s is there and is no segment: it will not be replaced", path);
}

static int move_away(const char *path, struct refusal *refusal)
{
	char previous[PATH_MAX];

	if ((size_t)snprintf(previous, sizeof(previous), "%s" PREVIOUS, path) >= sizeof(previous)) {
		return refuse_errno(refusal, path, ENAMETOOLONG);
	}
	if (look_at(previous) == SOMETHING_ELSE) {
		return refuse_to_replace(refusal, previous);
	}
	if (rename(path, previous) != 0) {
		return refuse_errno(refusal, path, errno);
	}
	say_info("the segment of an earlier run is kept: fil-profile report %s", previous);
	return 0;
}

int segment_make_room(const char *name, struct refusal *refusal)
{
	switch (look_at(name)) {
	case NOTHING:
		break;
	case EMPTY:
		return unlink(name) == 0 ? 0 : refuse_errno(refusal, name, errno);
	case SEGMENT:
		return move_away(name, refusal);
	case SEGMENT_IN_USE:
		return program_refuse(refusal, STATUS_OWN_ERROR, "give each run a file of its own",
				      "%s is the segment of a run that goes on", name);
	case SOMETHING_ELSE:
		return refuse_to_replace(refusal, name);
	case UNREADABLE:
		return refuse_errno(refusal, name, errno);
	}
	return 0;
}

void segment_say_who_dies(const char *root, pid_t pid, const char *segment, const char *folder)
{
	struct cgroup group = cgroup_find(root, pid);

	if (!cgroup_dies_together(&group)) {
		return;
	}
	say_info("memory.oom.group is set here: when memory runs out, the kernel kills "
		 "fil-profile, too%s",
		 segment || folder ? "" : ", and nothing is written");
	if (segment) {
		say_info("then there still is: fil-profile report %s", segment);
		return;
	}
	if (folder) {
		say_info("then there still is a picture of shortly before: %s/" PICTURE_TEXT,
			 folder);
	}
	say_info("--segment=FILE on a volume keeps what was recorded; --limit=auto ends the "
		 "program before");
}
