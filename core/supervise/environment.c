// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRELOAD "LD_PRELOAD="
#define SEGMENT "FIL_SEGMENT="

static bool is_preload(const char *entry)
{
	return strncmp(entry, PRELOAD, strlen(PRELOAD)) == 0;
}

/** Bytes that our own strings take at the most. */
static size_t strings_size(char *const *envp, const char *hook_path, const char *segment_path,
			   size_t *ret_count)
{
	size_t size = strlen(SEGMENT) + strlen(segment_path) + 1;
	size_t count = 0;
	if (hook_path) {
		size += strlen(PRELOAD) + strlen(hook_path) + 1;
	}
	for (; envp[count]; count++) {
		if (hook_path && is_preload(envp[count])) {
			size += strlen(envp[count]) + strlen(hook_path) + 2;
		}
	}
	*ret_count = count;
	return size;
}

char **environment_new(char *const *envp, const char *hook_path, const char *segment_path)
{
	size_t count;
	size_t size = strings_size(envp, hook_path, segment_path, &count);
	/* Our strings lie behind the array, in one piece with it. */
	char **environment = malloc((count + 3) * sizeof(char *) + size);
	if (!environment) {
		return NULL;
	}
	char *text = (char *)(environment + count + 3);
	bool has_preload = hook_path == NULL;
	size_t filled = 0;
	for (; filled < count; filled++) {
		environment[filled] = envp[filled];
		if (hook_path && is_preload(envp[filled])) {
			environment[filled] = text;
			text += sprintf(text, PRELOAD "%s:%s", hook_path,
					envp[filled] + strlen(PRELOAD)) + 1;
			has_preload = true;
		}
	}
	if (!has_preload) {
		environment[filled++] = text;
		text += sprintf(text, PRELOAD "%s", hook_path) + 1;
	}
	environment[filled++] = text;
	sprintf(text, SEGMENT "%s", segment_path);
	environment[filled] = NULL;
	return environment;
}

void environment_free(char **environment)
{
	free(environment);
}
