// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/library.h"

#include "core/base/python.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Just behind the last occurrence of a folder's name in the path, NULL if it has none. */
static const char *behind_last(const char *path, const char *folder)
{
	const char *behind = NULL;
	for (const char *at = path; (at = strstr(at, folder)); at++) {
		behind = at + strlen(folder);
	}
	return behind;
}

/* Behind "/lib/python3.11/" and the like: Python's own library, if not an installed package. */
static const char *behind_python_library(const char *path)
{
	const char *at = behind_last(path, "/lib/python");
	if (!at || !isdigit((unsigned char)*at)) {
		return NULL;
	}
	at += strspn(at, "0123456789.t");
	return *at == '/' ? at + 1 : NULL;
}

const char *library_path(const char *file)
{
	const char *at = behind_last(file, "/site-packages/");
	at = at ? at : behind_last(file, "/dist-packages/");
	return at ? at : behind_python_library(file);
}

bool library_is_frozen(const char *file)
{
	return strncmp(file, "<frozen ", strlen("<frozen ")) == 0;
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_system_path(const char *path)
{
	return (begins_with(path, "/usr/") && !begins_with(path, "/usr/local/"))
		|| begins_with(path, "/lib/") || begins_with(path, "/lib64/")
		|| begins_with(path, "/bin/") || begins_with(path, "/sbin/");
}

/** The program that was run; *ret_is_python: it is an interpreter, or has one in it. */
static bool is_program(const struct profile *profile, const char *path, bool *ret_is_python)
{
	for (uint32_t i = 0; i < profile->process_count; i++) {
		const struct profile_process *process = &profile->processes[i];
		if (strcmp(profile_string(profile, process->executable), path) == 0) {
			*ret_is_python = process->python_state != PYTHON_NOT_SEEN;
			return true;
		}
	}
	return false;
}

static bool has_native_frame(const struct profile *profile, const struct profile_frame *frame)
{
	const char *source = frame->line ? profile_string(profile, frame->file) : "";
	const char *path = "";
	bool is_python;
	if (frame->module && frame->module <= profile->module_count) {
		path = profile_string(profile, profile->modules[frame->module - 1].path);
	}
	if (is_system_path(source)) {
		return true;
	}
	if (is_program(profile, path, &is_python)) {
		return is_python;
	}
	return path[0] != '/' || is_system_path(path) || library_path(path)
		|| strstr(path, "/libpython");
}

bool library_has_frame(const struct profile *profile, const struct profile_frame *frame)
{
	const char *file = profile_string(profile, frame->file);
	if (frame->flags & FRAME_NATIVE) {
		return has_native_frame(profile, frame);
	}
	return library_path(file) || library_is_frozen(file);
}
