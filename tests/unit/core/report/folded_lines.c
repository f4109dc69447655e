// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Small stacks go where they part, and the sum stays what it is. */
#include "core/report/folded_lines.h"

#include "core/base/attributes.h"
#include "core/profile/builder.h"
#include "tests/unit/test.h"

static struct builder builder;

static uint32_t node(uint32_t parent, const char *name)
{
	return builder_node(&builder, parent,
			    builder_frame(&builder, 0, builder_text(&builder, name), 1, 0));
}

static void hold(uint32_t at, uint64_t bytes)
{
	struct profile_entry entry = { .node = at, .peak_bytes = bytes, .peak_blocks = 1 };
	builder_entry(&builder, &entry);
}

static struct profile *finished(void)
{
	struct profile *profile = builder_finish(&builder);
	builder_done(&builder);
	REQUIRE(profile);
	return profile;
}

/** "NODE:BYTES" of each line, "+" before those that are the rest. */
static const char *lines_of(const struct profile *profile, bool in_brief)
{
	static char text[512];
	size_t len = 0;
	uint32_t count;
	struct folded_line *lines = folded_lines(profile, MEASURE_PEAK, in_brief, &count);
	REQUIRE(lines);
	text[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%u:%llu",
					i ? " " : "", lines[i].is_rest ? "+" : "", lines[i].node,
					(unsigned long long)lines[i].bytes);
	}
	free(lines);
	return text;
}

static void small_ones_meet_where_they_part(void)
{
	builder_init(&builder);
	uint32_t main = node(0, "main");
	uint32_t load = node(main, "load");
	uint32_t parse = node(load, "parse");
	uint32_t copy = node(load, "copy");
	uint32_t other = node(main, "other");
	hold(parse, 1000000);
	/* Of 1,000,960 bytes a line has at least 501. */
	hold(copy, 300);
	hold(load, 250);
	hold(other, 400);
	hold(main, 10);
	struct profile *profile = finished();
	CHECK_STR(lines_of(profile, false), "3:1000000 5:400 4:300 2:250 1:10");
	CHECK_STR(lines_of(profile, true), "3:1000000 +2:550 +0:410");
	profile_free(profile);
}

static void nothing_is_held_by_nobody(void)
{
	builder_init(&builder);
	node(0, "main");
	struct profile *profile = finished();
	CHECK_STR(lines_of(profile, false), "");
	CHECK_STR(lines_of(profile, true), "");
	profile_free(profile);
}

static void a_stack_without_frames_has_a_line(void)
{
	builder_init(&builder);
	hold(0, 100);
	struct profile *profile = finished();
	CHECK_STR(lines_of(profile, true), "0:100");
	profile_free(profile);
}

static void there_are_no_more_lines_than_parts(void)
{
	static uint32_t nodes[20000];
	uint64_t whole = 0;
	uint64_t sum = 0;
	uint32_t count;
	builder_init(&builder);
	for (uint32_t i = 0; i < countof(nodes); i++) {
		char name[16];
		snprintf(name, sizeof(name), "%u", i);
		/* Each below one that came before: a tree of all depths. */
		nodes[i] = node(i ? nodes[(i * 2654435761u >> 5) % i] : 0, name);
		hold(nodes[i], 1 + i * 31 % 977);
		whole += 1 + i * 31 % 977;
	}
	struct profile *profile = finished();
	struct folded_line *lines = folded_lines(profile, MEASURE_PEAK, true, &count);
	REQUIRE(lines);
	CHECK(count > 10 && count <= FOLDED_PARTS + 1);
	for (uint32_t i = 0; i < count; i++) {
		sum += lines[i].bytes;
		CHECK(!i || lines[i].bytes <= lines[i - 1].bytes);
	}
	CHECK_INT(sum, whole);
	free(lines);
	profile_free(profile);
}

int main(void)
{
	RUN(small_ones_meet_where_they_part);
	RUN(nothing_is_held_by_nobody);
	RUN(a_stack_without_frames_has_a_line);
	RUN(there_are_no_more_lines_than_parts);
	return test_done();
}
