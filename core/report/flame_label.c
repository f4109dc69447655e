// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/flame_label.h"

#include "core/base/attributes.h"
#include "core/profile/library.h"
#include "core/report/escape.h"

#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"
/** Below that many columns a clipped text says nothing. */
#define COLUMNS_MIN 4u
/** With fewer columns the end of a file's name says less than the start of a function's. */
#define FILE_COLUMNS_MIN 8u

const char *flame_short_path(const char *file, const char *directory)
{
	size_t len = strlen(directory);
	const char *at = library_path(file);
	if (!at && len > 1 && strncmp(file, directory, len) == 0 && file[len] == '/') {
		at = file + len + 1;
	}
	return at && *at ? at : file;
}

struct flame_label flame_label_of(const struct profile *profile, uint32_t number)
{
	const struct profile_frame *frame = &profile->frames[number];
	const char *file = profile_string(profile, frame->file);
	const char *source = profile_string(profile, frame->source);
	struct flame_label label = {
		.path = "",
		.function = profile_string(profile, frame->function),
		.source = source + strspn(source, " \t\f"),
	};
	if (!(frame->flags & FRAME_LABEL)) {
		label.path = flame_short_path(file, profile_string(profile, profile->directory));
		label.line = frame->line;
	}
	label.own = (!(frame->flags & FRAME_LABEL) || frame->flags & FRAME_NATIVE)
		&& !library_has_frame(profile, frame);
	return label;
}

/* The path without as many leading folders as it takes to have at most columns; NULL: it cannot. */
static const char *fit_path(const char *path, size_t columns, bool *ret_cut)
{
	*ret_cut = false;
	for (const char *at = path;;) {
		const char *slash = *at ? strchr(at + 1, '/') : NULL;
		/* The file's name alone goes without "…/": it says that by itself. */
		size_t mark = at == path || !slash ? 0 : 2;
		if (escape_columns(at, strlen(at)) + mark <= columns) {
			*ret_cut = mark > 0;
			return at;
		}
		if (!slash) {
			return NULL;
		}
		at = slash + 1;
	}
}

/* "path:line (function)", the function clipped to columns, or without it. */
static void write_place(FILE *out, const char *path, const char *line, const char *function,
			size_t columns)
{
	escape_text(out, ESCAPE_MARKUP, path);
	fputs(line, out);
	if (function) {
		fputs(" (", out);
		escape_start(out, ESCAPE_MARKUP, function, columns);
		fputc(')', out);
	}
}

void flame_write_label(FILE *out, const struct flame_label *label, size_t columns)
{
	if (!label->path[0]) {
		escape_start(out, ESCAPE_MARKUP, label->function, columns);
		return;
	}
	char line[16] = "";
	bool cut;
	if (label->line) {
		snprintf(line, sizeof(line), ":%u", label->line);
	}
	size_t rest = strlen(line);
	size_t function = escape_columns(label->function, strlen(label->function)) + 3;
	const char *path = NULL;
	if (columns > rest + function) {
		path = fit_path(label->path, columns - rest - function, &cut);
	}
	if (path) {
		fputs(cut ? ELLIPSIS "/" : "", out);
		write_place(out, path, line, label->function, function);
		return;
	}
	const char *slash = strrchr(label->path, '/');
	const char *name = slash && slash[1] ? slash + 1 : label->path;
	size_t place = rest + escape_columns(name, strlen(name));
	if (columns >= place) {
		size_t left = columns - place;
		write_place(out, name, line, left >= COLUMNS_MIN + 3 ? label->function : NULL,
			    left - 3);
	} else if (columns >= rest + FILE_COLUMNS_MIN) {
		escape_end(out, ESCAPE_MARKUP, name, columns - rest);
		fputs(line, out);
	} else {
		escape_start(out, ESCAPE_MARKUP, label->function, columns);
	}
}

static unsigned square_root(unsigned n)
{
	unsigned root = 0;
	while ((root + 1) * (root + 1) <= n) {
		root++;
	}
	return root;
}

uint32_t flame_colour(uint64_t part, uint64_t whole)
{
	static const uint8_t stops[][3] = {
		{ 0xfd, 0xf0, 0xc0 },
		{ 0xfd, 0xd8, 0x8f },
		{ 0xfb, 0xb4, 0x6d },
		{ 0xf4, 0x86, 0x6a },
	};
	const unsigned last = countof(stops) - 1;
	/* By the root of the share: most boxes are narrow, and are still to be told apart. */
	unsigned share = whole ? (unsigned)((unsigned __int128)part * 65025 / whole) : 0;
	unsigned heat = square_root(share > 65025 ? 65025 : share) * last;
	unsigned stop = heat / 255 < last ? heat / 255 : last - 1;
	unsigned within = heat - stop * 255;
	uint32_t colour = 0;
	for (unsigned i = 0; i < 3; i++) {
		unsigned value = stops[stop][i] * (255 - within) + stops[stop + 1][i] * within;
		colour = colour << 8 | (value + 127) / 255;
	}
	return colour;
}
