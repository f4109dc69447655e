// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/notes.h"

#include "core/base/attributes.h"
#include "core/base/symbols.h"
#include "core/report/escape.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/** Modules that are named in one note; the rest is counted. */
#define NAMED_MAX 3u

/** What a module's frames lack. */
struct lack {
	uint32_t names;
	uint32_t lines;
};

static const char *const reasons[SYMBOLS_STATE_COUNT] = {
	[SYMBOLS_NAMES] = "without debug information; --symbols=DIR of report looks for it",
	[SYMBOLS_NO_FILE] = "not found here; --symbols=DIR of report looks for it",
	[SYMBOLS_OTHER_FILE] = "replaced by another build; --symbols=DIR of report looks for it",
	[SYMBOLS_READER_DIED] = "with debug information that could not be read, or not in time",
};

static struct lack *find_lacks(const struct profile *profile)
{
	struct lack *lacks = calloc((size_t)profile->module_count + 1, sizeof(*lacks));
	for (uint32_t i = 0; lacks && i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];
		if (frame->flags & FRAME_NATIVE && frame->module
		    && frame->module <= profile->module_count) {
			struct lack *lack = &lacks[frame->module - 1];
			lack->names += frame->flags & FRAME_LABEL ? 1 : 0;
			lack->lines += frame->line ? 0 : 1;
		}
	}
	return lacks;
}

/** "libc.so.6, libm.so.6 and 2 more: 7 frames without a line, 3 of them without a name". */
static void write_note(FILE *out, const struct profile *profile, const struct lack *lacks,
		       uint32_t state)
{
	struct lack sum = { 0, 0 };
	uint32_t modules = 0;
	for (uint32_t i = 0; i < profile->module_count; i++) {
		if (profile->modules[i].state != state || !lacks[i].lines) {
			continue;
		}
		sum.names += lacks[i].names;
		sum.lines += lacks[i].lines;
		if (modules++ < NAMED_MAX) {
			fputs(modules > 1 ? ", " : "", out);
			escape_text(out, ESCAPE_TERMINAL, profile_module_name(profile, i));
		}
	}
	if (!modules) {
		return;
	}
	if (modules > NAMED_MAX) {
		fprintf(out, " and %" PRIu32 " more", modules - NAMED_MAX);
	}
	fprintf(out, " %s %s: %s frame%s no line", modules == 1 ? "is" : "are", reasons[state],
		units_count(sum.lines).text, sum.lines == 1 ? " has" : "s have");
	if (sum.names) {
		fprintf(out, ", %s of them no name", units_count(sum.names).text);
	}
}

void report_module_notes(const struct profile *profile,
			 void (*line)(void *context, const char *text), void *context)
{
	struct lack *lacks = find_lacks(profile);
	for (uint32_t state = 0; lacks && state < SYMBOLS_STATE_COUNT; state++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = reasons[state] ? open_memstream(&text, &len) : NULL;
		if (!out) {
			continue;
		}
		write_note(out, profile, lacks, state);
		if (fclose(out) == 0 && len) {
			line(context, text);
		}
		free(text);
	}
	free(lacks);
}
