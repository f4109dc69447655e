// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/place.h"

#include "core/report/cut.h"
#include "core/report/escape.h"

#include <inttypes.h>
#include <string.h>

/** A source line that is quoted is cut here. */
#define SOURCE_COLUMNS 60u

void place_write(FILE *out, const struct profile *profile, uint32_t number, bool with_source)
{
	const struct profile_frame *frame = &profile->frames[number];
	const char *source = profile_string(profile, frame->source);
	if (!(frame->flags & FRAME_LABEL)) {
		escape_text(out, ESCAPE_TERMINAL, profile_string(profile, frame->file));
		if (frame->line) {
			fprintf(out, ":%" PRIu32, frame->line);
		}
		fputc(' ', out);
	}
	escape_text(out, ESCAPE_TERMINAL, profile_string(profile, frame->function));
	source += strspn(source, " \t\f");
	if (with_source && source[0] && !(frame->flags & FRAME_SOURCE_CHANGED)) {
		fputs(": ", out);
		cut_text(out, source, SOURCE_COLUMNS);
	}
}
