// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The source lines behind the frames of a profile, read from the workload's files.
 *
 * Only regular files are read, never waited for, and of a bounded size: the names come from the
 * workload. A line is kept without its newline and trailing blanks, cut at SOURCE_LINE_BYTES_MAX.
 */
#ifndef CORE_PROFILE_SOURCE_H
#define CORE_PROFILE_SOURCE_H

#include "core/profile/builder.h"

#define SOURCE_LINE_BYTES_MAX 4096u
#define SOURCE_FILE_BYTES_MAX ((size_t)64 << 20)

struct scope_sources;

/** Where source files are. */
struct source_place {
	const char *root;      /* prefix of absolute names, or "" */
	const char *directory; /* relative names are below it */
	int64_t start_unix_ms; /* files changed later are flagged */
	const char *code_text; /* the text of "<string>", or NULL */
	/** Texts that were handed over, which come first; NULL: none. */
	const struct scope_sources *sources;
};

/** The content of one file. */
struct source_file {
	char *text;
	size_t len;
	bool changed;
};

/** Read a file by the name that a code object has. False if there is none to be had. */
bool source_load(const struct source_place *place, const char *name, struct source_file *ret_file);

/**
 * Give frames[i].source to those count frames of the builder's profile (sorted in place) whose
 * files can be read, and list the files. Without memory the builder fails.
 */
void source_attach(struct builder *builder, const struct source_place *place, uint32_t *frames,
		   uint32_t count);

#endif
