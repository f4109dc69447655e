// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/bytecode.h"

#include "core/base/recording.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/** "/root/dir/__pycache__/name.cpython-311.pyc"; false if it does not fit, or is no source. */
static bool name_bytecode(const struct bytecode_place *place,
			  const struct profile_process *process, const char *source,
			  char path[PATH_MAX])
{
	const char *slash = strrchr(source, '/');
	const char *name = slash ? slash + 1 : source;
	size_t len = strlen(name);
	bool is_absolute = source[0] == '/';
	if (len < 4 || strcmp(name + len - 3, ".py") != 0) {
		return false;
	}
	int written = snprintf(path, PATH_MAX, "%s%s%s%.*s__pycache__/%.*s.cpython-%u%u%s.pyc",
			       place->root, is_absolute ? "" : place->directory,
			       is_absolute ? "" : "/", (int)(name - source), source, (int)(len - 3),
			       name, process->python_version >> 24,
			       process->python_version >> 16 & 0xff,
			       process->image_flags & IMAGE_FREE_THREADED ? "t" : "");
	return written > 0 && written < PATH_MAX;
}

/** It is not there, or it was not before. */
static bool was_compiled(const char *path, int64_t start_unix_ms)
{
	struct stat status;
	if (stat(path, &status) != 0) {
		return true;
	}
	return (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000
		>= start_unix_ms;
}

void bytecode_count(struct profile *profile, const struct bytecode_place *place)
{
	const struct profile_process *process =
		profile->process_count ? &profile->processes[0] : NULL;
	/* One bit for each string: names are interned. */
	unsigned char *seen = calloc(profile->strings_bytes / 8 + 1, 1);
	for (uint32_t i = 0; seen && process && process->python_version && i < profile->frame_count;
	     i++) {
		uint32_t file = profile->frames[i].file;
		char path[PATH_MAX];
		if (seen[file / 8] >> file % 8 & 1) {
			continue;
		}
		seen[file / 8] |= (unsigned char)(1u << file % 8);
		if (name_bytecode(place, process, profile_string(profile, file), path)) {
			profile->conditions.sources++;
			profile->conditions.sources_compiled +=
				was_compiled(path, place->start_unix_ms);
		}
	}
	free(seen);
}
