// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What is written on a box of a flame graph, and its colour. core/report/assets/flame.js does the
 * same in the browser when boxes change their width: change both.
 */
#ifndef CORE_REPORT_FLAME_LABEL_H
#define CORE_REPORT_FLAME_LABEL_H

#include "core/profile/profile.h"
#include "core/report/flame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Names and source lines are cut at that width even where there is room for all of it. */
#define FLAME_TEXT_COLUMNS 240u

/** Strings of the profile, as the workload had them: not yet escaped. */
struct flame_label {
	/** The file, as flame_short_path has it; "" for a label. */
	const char *path;
	const char *function;
	const char *source; /* without indentation; "" if not known */
	uint32_t line;      /* 0: not known */
	/** Code of the workload, rather than of Python or of an installed package. */
	bool own;
};

/**
 * The end of a path that tells files apart: what follows site-packages, dist-packages or Python's
 * library folder, or the directory that the program ran in. Points into file.
 */
const char *flame_short_path(const char *file, const char *directory);

/** The label of a frame of the profile: not of FLAME_ROOT or FLAME_ELIDED. */
struct flame_label flame_label_of(const struct profile *profile, uint32_t frame);

/**
 * Write as much of "path:line (function)" as fits in columns, for markup: whole; without leading
 * folders; with the function clipped; without it; the end of the file's name; only the function,
 * clipped; nothing.
 */
void flame_write_label(FILE *out, const struct flame_label *label, size_t columns);

/** The colour of a box that holds part of whole, 0xrrggbb: the wider the redder; for dark text. */
uint32_t flame_colour(uint64_t part, uint64_t whole);

#endif
