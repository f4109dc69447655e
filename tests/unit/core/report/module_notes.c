// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What is said of machine code without names. */
#include "core/report/notes.h"

#include "core/base/symbols.h"
#include "core/profile/builder.h"
#include "tests/unit/test.h"

static char said[512];

static void take(void *context, const char *text)
{
	(void)context;
	snprintf(said, sizeof(said), "%s", text);
}

/** Of a profile with a stack of one frame, which is not named, and what it held. */
static const char *note_of(struct profile_entry entry)
{
	struct builder builder;
	builder_init(&builder);
	uint32_t module = builder_module(&builder, builder_text(&builder, "/gone/libx.so"), 0);
	entry.node = builder_node(&builder, 0, builder_unnamed(&builder, module, 16));
	builder_entry(&builder, &entry);
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	profile->modules[0].state = SYMBOLS_NO_FILE;
	said[0] = 0;
	report_module_notes(profile, take, NULL);
	profile_free(profile);
	return said;
}

static void frames_that_held_memory_are_missed(void)
{
	const char *note = "1 frame of libx.so has no line, 1 of them no name: no such file is "
			   "here; report --symbols=DIR looks in DIR";
	CHECK_STR(note_of((struct profile_entry){ .peak_bytes = 1, .total_bytes = 1 }), note);
	CHECK_STR(note_of((struct profile_entry){ .end_bytes = 1, .total_bytes = 1 }), note);
}

static void others_are_not(void)
{
	CHECK_STR(note_of((struct profile_entry){ .total_bytes = 1, .total_blocks = 1 }), "");
}

int main(void)
{
	RUN(frames_that_held_memory_are_missed);
	RUN(others_are_not);
	return test_done();
}
