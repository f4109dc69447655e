// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/library.h"

#include "core/base/attributes.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

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

/** Source of the system, or of packages that were compiled into a program. */
static bool is_library_source(const char *file)
{
	static const char *const folders[] = {
		"/.cargo/registry/", "/.cargo/git/", "/.rustup/toolchains/", "/rust/deps/",
	};
	for (size_t i = 0; i < countof(folders); i++) {
		if (strstr(file, folders[i])) {
			return true;
		}
	}
	/* Rust's standard library has the folder of those who built it. */
	return is_system_path(file) || begins_with(file, "/rustc/");
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/** The program that was run, by its name: how it was started may be no path, or a link. */
static bool is_program(const struct profile *profile, const char *name)
{
	for (uint32_t i = 0; i < profile->process_count; i++) {
		uint32_t executable = profile->processes[i].executable;
		if (strcmp(name_of(profile_string(profile, executable)), name) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_native_frame(const struct profile *profile, const struct profile_frame *frame)
{
	const char *source = frame->line ? profile_string(profile, frame->file) : "";
	const char *path = "";
	bool is_told_program = false;
	if (frame->module && frame->module <= profile->module_count) {
		const struct profile_module *module = &profile->modules[frame->module - 1];
		path = profile_string(profile, module->path);
		is_told_program = module->flags & MODULE_PROGRAM;
	}
	const char *name = name_of(path);
	if (is_library_source(source) || library_path(path) || begins_with(name, "python")
	    || begins_with(name, "libpython")) {
		return true;
	}
	return !is_told_program && !is_program(profile, name)
		&& (path[0] != '/' || is_system_path(path));
}

bool library_has_frame(const struct profile *profile, const struct profile_frame *frame)
{
	const char *file = profile_string(profile, frame->file);
	if (frame->flags & FRAME_NATIVE) {
		return has_native_frame(profile, frame);
	}
	return library_path(file) || library_is_frozen(file);
}

bool library_begins_allocator(const char *function)
{
	/* What the C library has, C++, and what jemalloc, mimalloc and rustc put before names. */
	static const char *const names[] = {
		"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign",
		"operator new", "operator new[]",
	};
	static const char *const starts[] = { "je_", "_rjem_", "mi_", "_mi_", "tc_", "__rust_alloc",
					      "__rustc::__rust_alloc", "__rustc::__rust_realloc" };
	for (size_t i = 0; i < countof(names); i++) {
		if (strcmp(function, names[i]) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < countof(starts); i++) {
		if (begins_with(function, starts[i])) {
			return true;
		}
	}
	return false;
}

bool library_is_allocator(const char *function)
{
	static const char *const anywhere[] = { "malloc", "calloc", "realloc", "memalign" };
	static const char *const last[] = { "alloc", "strdup" };
	size_t len = strlen(function);
	for (size_t i = 0; i < countof(anywhere); i++) {
		if (strcasestr(function, anywhere[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < countof(last); i++) {
		size_t last_len = strlen(last[i]);
		if (len >= last_len && strcasecmp(function + len - last_len, last[i]) == 0) {
			return true;
		}
	}
	return false;
}
