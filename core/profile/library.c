// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/library.h"

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
