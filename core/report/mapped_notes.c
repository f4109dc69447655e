// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/notes.h"

#include "core/base/allocators.h"
#include "core/base/attributes.h"
#include "core/report/escape.h"
#include "core/report/line_sink.h"
#include "core/report/report.h"
#include "core/report/units.h"

#include <stddef.h>
#include <string.h>

/** Smaller shares of what is shown, in thousandths, are not worth a sentence. */
#define SHARE_MIN 5u

/** Where its name is to be read. */
static const struct {
	uint32_t allocator;
	const char *name;
} names[] = {
	{ ALLOCATORS_JEMALLOC, "jemalloc" },
	{ ALLOCATORS_MIMALLOC, "mimalloc" },
	{ ALLOCATORS_TCMALLOC, "tcmalloc" },
};

/** How more of it can be seen. The first that applies. */
static const struct {
	/** The module's name begins with this. */
	const char *module;
	/** It has one of these. */
	uint32_t allocators;
	const char *text;
} advices[] = {
	/* pyarrow's documentation, "Memory Pools". */
	{ "libarrow.so", ALLOCATORS_KNOWN,
	  "ARROW_DEFAULT_MEMORY_POOL=system in its environment makes Arrow use malloc, of which "
	  "every block is seen" },
	/* mimalloc's readme.md, "Environment Options". */
	{ "", ALLOCATORS_MIMALLOC,
	  "MIMALLOC_ARENA_EAGER_COMMIT=0 in its environment makes mimalloc ask for memory only as "
	  "it needs it" },
	{ "", ALLOCATORS_KNOWN, "of a build that uses malloc, every block is seen" },
};

static const char *advice_for(const struct profile *profile, uint32_t module)
{
	const char *name = profile_module_name(profile, module);
	size_t i = 0;
	while (strncmp(name, advices[i].module, strlen(advices[i].module)) != 0
	       || !(advices[i].allocators & profile->modules[module].allocators)) {
		i++;
	}
	return advices[i].text;
}

/** "jemalloc"; of several that are in a file, nobody knows which one it was: "jemalloc or ..." */
static void write_names(FILE *out, uint32_t allocators)
{
	const char *before = "";
	for (size_t i = 0; i < countof(names); i++) {
		if (allocators & names[i].allocator) {
			fprintf(out, "%s%s", before, names[i].name);
			before = " or ";
		}
	}
}

/**
 * "1.2 GiB (75.0 %) of the peak are mappings of jemalloc inside libx.so: the stacks show where it
 * grew, not who has the blocks in them; ADVICE"
 */
static void write_note(FILE *out, const struct profile *profile, uint32_t module, uint64_t bytes,
		       uint64_t whole, const char *moment)
{
	fprintf(out, "%s (%s) of %s are mappings of ", units_bytes(bytes).text,
		units_percent(bytes, whole).text, moment);
	write_names(out, profile->modules[module].allocators);
	fputs(" inside ", out);
	escape_text(out, ESCAPE_TERMINAL, profile_module_name(profile, module));
	fprintf(out, ": the stacks show where it grew, not who has the blocks in them; %s",
		advice_for(profile, module));
}

void report_mapped_notes(const struct profile *profile,
			 void (*line)(void *context, const char *text), void *context)
{
	struct line_sink sink = { .line = line, .context = context };
	bool is_end = report_default_measure(profile) == MEASURE_END;
	uint64_t whole = is_end ? profile->end_bytes : profile->peak_bytes;
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		uint64_t bytes = is_end ? module->mapped_end_bytes : module->mapped_peak_bytes;
		if (!(module->allocators & ~ALLOCATORS_READ) || !bytes
		    || bytes / SHARE_MIN < whole / 1000) {
			continue;
		}
		FILE *out = line_begin(&sink);
		if (out) {
			write_note(out, profile, i, bytes, whole,
				   is_end ? "what was held" : "the peak");
			line_end(&sink, out);
		}
	}
}
