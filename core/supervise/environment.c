// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRELOAD "LD_PRELOAD="

static size_t environment_count(char *const *envp)
{
	size_t count = 0;
	while (envp[count]) {
		count++;
	}
	return count;
}

/** Value of the last LD_PRELOAD; "" if there is none. */
static const char *preload_value(char *const *envp)
{
	const char *value = "";
	for (; *envp; envp++) {
		if (strncmp(*envp, PRELOAD, strlen(PRELOAD)) == 0) {
			value = *envp + strlen(PRELOAD);
		}
	}
	return value;
}

char **environment_new(char *const *envp, const char *hook_path, const char *segment_path)
{
	size_t count = environment_count(envp);
	const char *others = preload_value(envp);
	/* Our two strings lie behind the array, in one piece with it. */
	size_t array = (count + 3) * sizeof(char *);
	size_t preload_size =
		hook_path ? strlen(PRELOAD) + strlen(hook_path) + strlen(others) + 2 : 0;
	size_t segment_size = strlen("FIL_SEGMENT=") + strlen(segment_path) + 1;
	char **environment = malloc(array + preload_size + segment_size);
	if (!environment) {
		return NULL;
	}
	memcpy(environment, envp, count * sizeof(char *));
	char *text = (char *)environment + array;
	if (hook_path) {
		snprintf(text, preload_size, PRELOAD "%s%s%s", hook_path, *others ? ":" : "",
			 others);
		environment[count++] = text;
	}
	snprintf(text + preload_size, segment_size, "FIL_SEGMENT=%s", segment_path);
	environment[count++] = text + preload_size;
	environment[count] = NULL;
	return environment;
}

void environment_free(char **environment)
{
	free(environment);
}
