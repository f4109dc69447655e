// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/demangle.h"

#include "core/base/attributes.h"

#include <ctype.h>
#include <demangle.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Compilers append these, and perhaps ".N", to the names of what they split off or clone. */
static const char *const clone_suffixes[] = {
	"cold", "isra", "part", "constprop", "lto_priv", "llvm", "localalias", "clone",
};

static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_clone_suffix(const char *suffix)
{
	for (size_t i = 0; i < countof(clone_suffixes); i++) {
		if (strcmp(suffix, clone_suffixes[i]) == 0) {
			return true;
		}
	}
	return false;
}

/** Cut "@VERSION", the suffixes of clones and what glibc puts before its own calls off. */
static void strip(char *name)
{
	static const char internal[] = "__GI_";
	size_t len = sizeof(internal) - 1;
	if (strncmp(name, internal, len) == 0 && name[len]) {
		memmove(name, name + len, strlen(name + len) + 1);
	}
	char *version = strchr(name, '@');
	if (version && version > name) {
		*version = '\0';
	}
	for (char *dot; (dot = strrchr(name, '.')) && dot > name;) {
		if (is_digits(dot + 1)) {
			/* Only behind a word: a dot and digits alone are part of some names. */
			*dot = '\0';
			char *word = strrchr(name, '.');
			if (!word || word == name || !is_clone_suffix(word + 1)) {
				*dot = '.';
				return;
			}
		} else if (is_clone_suffix(dot + 1)) {
			*dot = '\0';
		} else {
			return;
		}
	}
}

/** "__module_MOD_procedure" */
static char *fortran_module(const char *name)
{
	char *result = NULL;
	const char *middle = strncmp(name, "__", 2) == 0 ? strstr(name + 2, "_MOD_") : NULL;
	if (!middle || middle == name + 2 || !middle[5]
	    || asprintf(&result, "%.*s::%s", (int)(middle - name - 2), name + 2, middle + 5) < 0) {
		return NULL;
	}
	return result;
}

/** "procedure_": lower case, and one underscore behind it. */
static char *fortran_external(const char *name)
{
	size_t len = strlen(name);
	if (len < 3 || name[len - 1] != '_' || name[len - 2] == '_'
	    || !islower((unsigned char)name[0])
	    || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
		return NULL;
	}
	return strndup(name, len - 1);
}

char *demangle(const char *name)
{
	char *plain = strdup(name);
	if (!plain) {
		return NULL;
	}
	strip(plain);
	char *readable = NULL;
	if (plain[0] == '_' && plain[1] == 'D') {
		readable = dlang_demangle(plain, 0);
	}
	readable = readable ? readable : cplus_demangle(plain, DMGL_ANSI | DMGL_AUTO);
	readable = readable ? readable : fortran_module(plain);
	readable = readable ? readable : fortran_external(plain);
	if (!readable || !readable[0]) {
		free(readable);
		return plain;
	}
	free(plain);
	return readable;
}
