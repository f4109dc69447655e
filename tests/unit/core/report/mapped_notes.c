// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What is said of memory of which only the mappings are known. */
#include "core/report/notes.h"

#include "core/base/allocators.h"
#include "core/profile/builder.h"
#include "tests/unit/test.h"

static char said[512];

static void take(void *context, const char *text)
{
	(void)context;
	snprintf(said, sizeof(said), "%s", text);
}

/** Of a profile with 1,000 bytes at the peak and 500 at the end, some mapped by a module. */
static const char *note_of(const char *path, struct profile_module mapped, enum verdict verdict)
{
	struct builder builder;
	builder_init(&builder);
	uint32_t number = builder_module(&builder, builder_text(&builder, path), 0);
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	mapped.path = profile->modules[number].path;
	profile->modules[number] = mapped;
	profile->peak_bytes = 1000;
	profile->end_bytes = 500;
	profile->outcome.verdict = verdict;
	if (verdict == VERDICT_ALLOCATION_FAILED) {
		profile->moment = MOMENT_OUT_OF_MEMORY;
	}
	said[0] = 0;
	report_mapped_notes(profile, take, NULL);
	profile_free(profile);
	return said;
}

static void its_share_of_what_is_shown_is_told(void)
{
	struct profile_module mapped = {
		.allocators = ALLOCATORS_READ | ALLOCATORS_JEMALLOC,
		.mapped_peak_bytes = 900,
		.mapped_end_bytes = 250,
	};
	CHECK_STR(note_of("/x/polars.so", mapped, VERDICT_EXITED),
		  "900 bytes (90.0 %) of the peak are mappings of jemalloc inside polars.so: the "
		  "stacks show where it grew, not who has the blocks in them; of a build that uses "
		  "malloc, every block is seen");
	CHECK_STR(note_of("/x/polars.so", mapped, VERDICT_ALLOCATION_FAILED),
		  "250 bytes (50.0 %) of what was held are mappings of jemalloc inside polars.so: "
		  "the stacks show where it grew, not who has the blocks in them; of a build that "
		  "uses malloc, every block is seen");
}

static void a_way_to_see_more_is_told(void)
{
	struct profile_module mapped = {
		.allocators = ALLOCATORS_READ | ALLOCATORS_JEMALLOC | ALLOCATORS_MIMALLOC,
		.mapped_peak_bytes = 1000,
	};
	CHECK(strstr(note_of("/x/libarrow.so.2600", mapped, VERDICT_EXITED),
		     "(100 %) of the peak are mappings of jemalloc or mimalloc inside "));
	CHECK(strstr(said, "; ARROW_DEFAULT_MEMORY_POOL=system in its environment "));
	mapped.allocators = ALLOCATORS_READ | ALLOCATORS_MIMALLOC;
	CHECK(strstr(note_of("/x/server", mapped, VERDICT_EXITED),
		     "; MIMALLOC_ARENA_EAGER_COMMIT=0 in its environment "));
}

static void others_have_no_note(void)
{
	struct profile_module mapped = { .mapped_peak_bytes = 900 };
	CHECK_STR(note_of("/x/a.so", mapped, VERDICT_EXITED), "");
	mapped.allocators = ALLOCATORS_READ;
	CHECK_STR(note_of("/x/a.so", mapped, VERDICT_EXITED), "");
	mapped = (struct profile_module){ .allocators = ALLOCATORS_READ | ALLOCATORS_TCMALLOC };
	CHECK_STR(note_of("/x/a.so", mapped, VERDICT_EXITED), "");
	mapped.mapped_peak_bytes = 4;
	CHECK_STR(note_of("/x/a.so", mapped, VERDICT_EXITED), "");
	mapped.mapped_peak_bytes = 5;
	CHECK(strstr(note_of("/x/a.so", mapped, VERDICT_EXITED), "of tcmalloc inside a.so"));
}

int main(void)
{
	RUN(its_share_of_what_is_shown_is_told);
	RUN(a_way_to_see_more_is_told);
	RUN(others_have_no_note);
	return test_done();
}
