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

static bool is_preload(const char *entry)
{
	return starts_with(entry, preload_name, PRELOAD_NAME_LEN);
}

/**
 * Take the hook's path out of an LD_PRELOAD. False if nothing is left: the entry was ours alone.
 */
static bool restore_preload(char *entry)
{
	char *value = entry + PRELOAD_NAME_LEN;
	size_t ours = strlen(hook.preload);
	size_t len = strlen(value);
	if (!starts_with(value, hook.preload, ours) || value[ours] != ':') {
		memset(entry, 0, PRELOAD_NAME_LEN + len);
		return false;
	}
	/* /proc/PID/environ shows this memory: what is left over is zeroed. */
	memmove(value, value + ours + 1, len - ours - 1);
	memset(value + len - ours - 1, 0, ours + 1);
	return true;
}

bool environment_take(char **environment)
{
	size_t count = 0;
	char *preload = NULL;
	for (; environment && environment[count]; count++) {
		if (is_preload(environment[count])) {
			preload = environment[count];
		}
	}
	char *segment = count ? environment[count - 1] : NULL;
	if (!preload || !starts_with(segment, segment_name, SEGMENT_NAME_LEN)) {
		return false;
	}
	copy_until(hook.preload, sizeof(hook.preload), preload + PRELOAD_NAME_LEN, ':');
	copy_until(hook.segment, sizeof(hook.segment), segment + SEGMENT_NAME_LEN, 0);
	memset(segment, 0, strlen(segment));
	environment[count - 1] = NULL;
	size_t kept = 0;
	for (size_t i = 0; environment[i]; i++) {
		if (!is_preload(environment[i]) || restore_preload(environment[i])) {
			environment[kept++] = environment[i];
		}
	}
	environment[kept] = NULL;
	return true;
}

static char *append(char *to, const char *text)
{
	size_t len = strlen(text);
	memcpy(to, text, len + 1);
	return to + len;
}

/** Bytes of a copy of the variables with ours: the array, and the strings that are changed. */
static size_t copy_bytes(char *const variables[], size_t *ret_count)
{
	size_t count = 0;
	size_t bytes = PRELOAD_NAME_LEN + SEGMENT_NAME_LEN + sizeof(hook.preload)
		+ sizeof(hook.segment);
	for (; variables[count]; count++) {
		if (is_preload(variables[count])) {
			bytes += strlen(variables[count]) + sizeof(hook.preload) + 2;
		}
	}
	*ret_count = count;
	return bytes + (count + 3) * sizeof(char *);
}

/* The same as core/supervise/environment.c does it for the first image. */
struct environment environment_with_hook(char *const variables[])
{
	static char *const nothing[] = { NULL };
	char *const *given = variables ? variables : nothing;
	size_t count;
	struct environment result = { .bytes = copy_bytes(given, &count) };
	result.variables = sys_map_private(result.bytes);
	if (!result.variables) {
		return result;
	}
	char *text = (char *)(result.variables + count + 3);
	bool has_preload = false;
	size_t filled = 0;
	for (; filled < count; filled++) {
		result.variables[filled] = given[filled];
		if (is_preload(given[filled])) {
			result.variables[filled] = text;
			text = append(append(text, preload_name), hook.preload);
			text = append(append(text, ":"), given[filled] + PRELOAD_NAME_LEN) + 1;
			has_preload = true;
		}
	}
	if (!has_preload) {
		result.variables[filled++] = text;
		text = append(append(text, preload_name), hook.preload) + 1;
	}
	result.variables[filled] = text;
	append(append(text, segment_name), hook.segment);
	return result;
}

void environment_done(struct environment *environment)
{
	if (environment->variables) {
		sys_munmap(environment->variables, environment->bytes);
	}
}
