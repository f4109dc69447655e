// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/previous.h"

#include "core/capture/capture.h"
#include "core/host/fd.h"
#include "core/profile/compare.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* So many folders are looked at: a capture takes some milliseconds to read ... */
#define TRIES 16
/* ... but a second and more if a program had a million stacks: then not many. */
#define TRIES_MS 1000

/* Is that folder's name a time, as those of runs are, and an earlier one? */
static bool is_earlier(const char *name, const char *own)
{
	return name[0] >= '0' && name[0] <= '9' && strlen(name) == strlen(own) &&
	       strcmp(name, own) < 0;
}

/* The newest first. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static struct profile *read_in(const char *folder)
{
	struct capture_error error;
	char *path;
	cleanup_fd int fd = -1;

	if (asprintf(&path, "%s/capture.fil", folder) < 0) {
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	return fd < 0 ? NULL : capture_read(fd, &error);
}

static bool is_same_job(const struct profile *one, const struct profile *other)
{
	return compare_is_possible(one, other) &&
	       other->outcome.breach.trigger != BREACH_NONE &&
	       !compare_differs(one, other, DIFFERENCE_COMMAND) &&
	       !compare_differs(one, other, DIFFERENCE_LIMIT) &&
	       strcmp(profile_string(one, one->command),
		      profile_string(other, other->command)) == 0 &&
	       strcmp(profile_string(one, one->directory),
		      profile_string(other, other->directory)) == 0;
}

/* The folder of that name if its run was one of the same job. */
static struct profile *try(const struct result_folder *folder, const char *name,
			   const struct profile *profile, char **ret_path)
{
	char *path;
	struct profile *other;

	if (asprintf(&path, "%.*s/%s", (int)folder->parent_len, folder->path, name) < 0) {
		return NULL;
	}
	other = read_in(path);
	if (other && is_same_job(profile, other)) {
		*ret_path = path;
		return other;
	}
	profile_free(other);
	free(path);
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct profile *previous_read(const struct result_folder *folder, const struct profile *profile,
			      char **ret_path)
{
	const char *own = folder->path + folder->parent_len + 1;
	struct profile *found = NULL;
	struct dirent **names;
	char *parent = strndup(folder->path, folder->parent_len);
	int count = parent ? scandir(parent, &names, NULL, compare_names) : -1;
	int64_t end_ms = now_ms() + TRIES_MS;

	for (int i = 0, tries = 0; i < count; i++) {
		if (!found && tries < TRIES && is_earlier(names[i]->d_name, own) &&
		    now_ms() < end_ms) {
			tries++;
			found = try(folder, names[i]->d_name, profile, ret_path);
		}
		free(names[i]);
	}
	if (count >= 0) {
		free(names);
	}
	free(parent);
	return found;
}
