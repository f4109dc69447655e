// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What the reader has to know to trust the numbers: checks, gaps, and what the words mean. */

#include "core/report/html_parts.h"

#include "core/report/escape.h"
#include "core/report/notes.h"
#include "core/report/units.h"

#include <stdbool.h>

static void write_check(FILE *out, const struct profile *profile)
{
	uint64_t sum = profile_sum_bytes(profile, MEASURE_PEAK);
	if (sum == profile->peak_bytes) {
		fprintf(out,
			"<li class=\"good\">Checked: the %s stacks sum to the peak, "
			"%s bytes, exactly.</li>\n",
			units_count(profile->entry_count).text, units_count(sum).text);
		return;
	}
	bool more = sum > profile->peak_bytes;
	uint64_t off = more ? sum - profile->peak_bytes : profile->peak_bytes - sum;
	fprintf(out,
		"<li class=\"attention\">The stacks sum to %s bytes, %s bytes %s than the peak "
		"of %s bytes.</li>\n",
		units_count(sum).text, units_count(off).text, more ? "more" : "less",
		units_count(profile->peak_bytes).text);
}

static void write_note(void *context, const char *text)
{
	FILE *out = context;
	fputs("<li class=\"attention\">", out);
	escape_text(out, ESCAPE_MARKUP, text);
	fputs(".</li>\n", out);
}

static void write_changed_sources(FILE *out, const struct profile *profile)
{
	unsigned changed = 0;
	for (uint32_t i = 0; i < profile->file_count; i++) {
		changed += (profile->files[i].flags & FRAME_SOURCE_CHANGED) != 0;
	}
	if (changed) {
		fprintf(out,
			"<li class=\"attention\">%u source file%s changed since the program "
			"started: lines quoted from %s may be other ones, and are marked.</li>\n",
			changed, changed == 1 ? " has" : "s have", changed == 1 ? "it" : "them");
	}
}

void html_write_notes(FILE *out, const struct profile *profile)
{
	fputs("<section id=\"notes\">\n<h2>What is counted, and what is not</h2>\n<ul>\n", out);
	write_check(out, profile);
	report_notes(profile, write_note, out);
	write_changed_sources(out, profile);
	fputs("<li>Counted: every block from <code>malloc</code> and its relatives, every Python "
	      "object, and writable anonymous mappings, by the bytes that were asked for; large "
	      "ones that are only reserved, by the pages that are there.</li>\n"
	      "<li>Not counted: files mapped into memory, shared memory, memory of a GPU, child "
	      "processes, and what an allocator keeps beside and between blocks.</li>\n"
	      "<li>Asked for is not resident: memory that was never touched is counted but takes "
	      "no "
	      "RAM, and memory that was freed may still be resident. The chart shows both.</li>\n"
	      "<li>A line holds what was allocated while it ran and was not yet freed. Python "
	      "frees "
	      "an object when nothing refers to it any more: look for who still does.</li>\n",
	      out);
	fprintf(out,
		"<li>The profiler itself took %s in the program\xe2\x80\x99s container for its "
		"tables; that is not in the numbers above.</li>\n",
		units_bytes(profile->segment_bytes).text);
	fputs("</ul>\n</section>\n", out);
}
