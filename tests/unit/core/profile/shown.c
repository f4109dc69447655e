// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/shown.h"

#include "core/base/attributes.h"
#include "core/profile/builder.h"
#include "core/report/report.h"
#include "tests/unit/test.h"

static struct builder builder;
static uint32_t module;

static void begin(void)
{
	builder_init(&builder);
	module = builder_module(&builder, builder_text(&builder, "/usr/bin/server"), 0);
}

/** The node of an address in a function, of which no line is known, below parent. */
static uint32_t node(uint32_t parent, const char *function, uint64_t address)
{
	struct profile_frame frame = {
		.file = builder_text(&builder, "server"),
		.function = builder_text(&builder, function),
		.flags = FRAME_NATIVE,
		.module = module + 1,
		.address = address,
	};
	return builder_node(&builder, parent, builder_whole_frame(&builder, &frame));
}

static void entry(uint32_t of, uint64_t bytes)
{
	builder_entry(&builder, &(struct profile_entry){
		.node = of,
		.peak_bytes = bytes,
		.peak_blocks = 1,
		.end_bytes = 10 * bytes,
		.end_blocks = 2,
		.total_bytes = 100 * bytes,
		.total_blocks = 3,
	});
}

static struct profile *finished(void)
{
	struct profile *profile = builder_finish(&builder);
	REQUIRE(profile);
	builder_done(&builder);
	return profile;
}

static const char *written(const struct profile *profile, const char *format)
{
	static char text[4096];
	struct report_options options = { .of = MEASURE_PEAK };
	memset(text, 0, sizeof(text));
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out && report_find_format(format)->write(out, profile, &options) == 0);
	fclose(out);
	return text;
}

static void stacks_that_read_the_same_are_one(void)
{
	struct shown shown;
	begin();
	uint32_t first = node(0, "serve", 0x10);
	uint32_t second = node(0, "serve", 0x20);
	entry(node(first, "grow", 0x100), 1);
	entry(node(second, "grow", 0x100), 2);
	entry(node(second, "grow", 0x200), 4);
	entry(node(second, "shrink", 0x100), 8);
	entry(first, 16);
	struct profile *profile = finished();
	REQUIRE(shown_init(&shown, profile) == 0);
	CHECK_INT(shown.profile.node_count, 4);
	CHECK_STR(written(&shown.profile, "folded"), "server (serve) 16\n"
						     "server (serve);server (shrink) 8\n"
						     "server (serve);server (grow) 7\n");
	const struct profile_entry *sum = &shown.profile.entries[0];
	CHECK_INT(shown.profile.entry_count, 3);
	CHECK_INT(sum->peak_blocks, 3);
	CHECK_INT(sum->end_bytes, 70);
	CHECK_INT(sum->end_blocks, 6);
	CHECK_INT(sum->total_bytes, 700);
	CHECK_INT(sum->total_blocks, 9);
	/* The whole has every address. */
	CHECK_INT(profile->entry_count, 5);
	shown_done(&shown);
	profile_free(profile);
}

static void what_points_to_stacks_goes_on_doing_so(void)
{
	struct shown shown;
	begin();
	entry(node(0, "serve", 0x10), 1);
	uint32_t alike = node(node(0, "serve", 0x20), "grow", 0x100);
	builder_thread(&builder, &(struct profile_thread){ .tid = 7, .node = alike });
	builder.profile->failed_node = alike;
	builder.profile->breach_node = alike;
	struct profile *profile = finished();
	REQUIRE(shown_init(&shown, profile) == 0);
	CHECK_INT(shown.profile.node_count, 3);
	CHECK_INT(shown.profile.threads[0].node, 2);
	CHECK_INT(shown.profile.threads[0].tid, 7);
	CHECK_INT(shown.profile.failed_node, 2);
	CHECK_INT(shown.profile.breach_node, 2);
	CHECK_INT(profile->threads[0].node, alike);
	shown_done(&shown);
	profile_free(profile);
}

static void what_differs_stays_apart(void)
{
	struct shown shown;
	begin();
	uint32_t file = builder_text(&builder, "job.py");
	uint32_t name = builder_text(&builder, "main");
	uint32_t frames[] = {
		builder_frame(&builder, file, name, 1, 0),
		builder_frame(&builder, file, name, 2, 0),
		builder_frame(&builder, name, name, 1, 0),
		builder_frame(&builder, file, file, 1, 0),
		builder_frame(&builder, 0, name, 0, FRAME_LABEL),
		builder_frame(&builder, 0, name, 0, 0),
	};
	for (size_t i = 0; i < countof(frames); i++) {
		entry(builder_node(&builder, 0, frames[i]), 1);
	}
	struct profile *profile = finished();
	REQUIRE(shown_init(&shown, profile) == 0);
	CHECK_INT(shown.profile.entry_count, countof(frames));
	/* Nothing is copied for that. */
	CHECK(shown.profile.nodes == profile->nodes);
	shown_done(&shown);
	profile_free(profile);
}

int main(void)
{
	RUN(stacks_that_read_the_same_are_one);
	RUN(what_points_to_stacks_goes_on_doing_so);
	RUN(what_differs_stays_apart);
	return test_done();
}
