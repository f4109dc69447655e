// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/environment.h"

#include "core/base/sys.h"
#include "core/hook/hook.h"

#include <string.h>

static const char preload_name[] = "LD_PRELOAD=";
static const char segment_name[] = "FIL_SEGMENT=";
#define PRELOAD_NAME_LEN (sizeof(preload_name) - 1)
#define SEGMENT_NAME_LEN (sizeof(segment_name) - 1)

static bool starts_with(const char *text, const char *start, size_t len)
{
	return strncmp(text, start, len) == 0;
}

static void copy_until(char *to, size_t capacity, const char *from, char stop)
{
	size_t len = 0;
	while (from[len] && from[len] != stop && len < capacity - 1) {
		to[len] = from[len];
		len++;
	}
	to[len] = 0;
}

bool environment_take(char **environment)
{
	size_t count = 0;
	while (environment && environment[count]) {
		count++;
	}
	if (count < 2 || !starts_with(environment[count - 2], preload_name, PRELOAD_NAME_LEN)
	    || !starts_with(environment[count - 1], segment_name, SEGMENT_NAME_LEN)) {
		return false;
	}
	char *preload = environment[count - 2];
	char *segment = environment[count - 1];
	/* Ours is the first path; what the user preloads follows, and stands in a variable of its own. */
	copy_until(hook.preload, sizeof(hook.preload), preload + PRELOAD_NAME_LEN, ':');
	copy_until(hook.segment, sizeof(hook.segment), segment + SEGMENT_NAME_LEN, 0);
	/* /proc/PID/environ shows this memory. */
	memset(preload, 0, strlen(preload));
	memset(segment, 0, strlen(segment));
	environment[count - 2] = NULL;
	environment[count - 1] = NULL;
	return true;
}

/** The value of the last LD_PRELOAD, which is the one that loaders use; NULL if none. */
static const char *preload_of(char *const variables[])
{
	const char *value = NULL;
	for (size_t i = 0; variables[i]; i++) {
		if (starts_with(variables[i], preload_name, PRELOAD_NAME_LEN)) {
			value = variables[i] + PRELOAD_NAME_LEN;
		}
	}
	return value;
}

static char *append(char *to, const char *text)
{
	size_t len = strlen(text);
	memcpy(to, text, len + 1);
	return to + len;
}

struct environment environment_with_hook(char *const variables[])
{
	static char *const nothing[] = { NULL };
	char *const *given = variables ? variables : nothing;
	size_t count = 0;
	while (given[count]) {
		count++;
	}
	const char *theirs = preload_of(given);
	struct environment result = { 0 };
	result.bytes = (count + 3) * sizeof(char *) + PRELOAD_NAME_LEN + SEGMENT_NAME_LEN
		+ sizeof(hook.preload) + sizeof(hook.segment) + (theirs ? strlen(theirs) : 0) + 4;
	result.variables = sys_map_private(result.bytes);
	if (!result.variables) {
		return result;
	}
	memcpy(result.variables, given, count * sizeof(char *));
	char *preload = (char *)(result.variables + count + 3);
	char *end = append(append(preload, preload_name), hook.preload);
	if (theirs && *theirs) {
		end = append(append(end, ":"), theirs);
	}
	char *segment = end + 1;
	append(append(segment, segment_name), hook.segment);
	result.variables[count] = preload;
	result.variables[count + 1] = segment;
	return result;
}

void environment_done(struct environment *environment)
{
	if (environment->variables) {
		sys_munmap(environment->variables, environment->bytes);
	}
}
