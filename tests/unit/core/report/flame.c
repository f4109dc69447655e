// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/flame.h"

#include "core/base/attributes.h"
#include "core/report/flame_label.h"
#include "tests/unit/core/report/sample_profile.h"
#include "tests/unit/test.h"

static const struct sample_frame frame_a = { "/x/a.py", 1, "a", "call_b()" };
static const struct sample_frame frame_b = { "/x/b.py", 2, "b", "call_c()" };
static const struct sample_frame frame_c = { "/x/c.py", 3, "c", "bytearray(n)" };

/* a 10; a;b 20; a;b;c 300; a;c 40; c 5 */
static struct profile *small_profile(void)
{
	struct sample sample;
	sample_init(&sample, "small");
	uint32_t a = sample_node(&sample, 0, &frame_a);
	uint32_t b = sample_node(&sample, a, &frame_b);
	sample_entry(&sample, a, 10, 1, 10);
	sample_entry(&sample, b, 20, 0, 20);
	sample_entry(&sample, sample_node(&sample, b, &frame_c), 300, 0, 300);
	sample_entry(&sample, sample_node(&sample, a, &frame_c), 40, 0, 40);
	sample_entry(&sample, sample_node(&sample, 0, &frame_c), 5, 5, 5);
	return sample_finish(&sample);
}

static struct flame built(const struct profile *profile, enum measure of, bool reversed,
			  uint64_t min_bytes)
{
	struct flame flame;
	REQUIRE(flame_build(&flame, profile, of, reversed, min_bytes) == 0);
	return flame;
}

/* The graph as text: "function bytes(children...)", an elided box as "…frames". */
static void draw(FILE *out, const struct profile *profile, const struct flame *flame, uint32_t box)
{
	const struct flame_box *at = &flame->boxes[box];
	if (at->frame == FLAME_ROOT) {
		fprintf(out, "%llu", (unsigned long long)at->bytes);
	} else if (at->frame == FLAME_ELIDED) {
		fprintf(out, "...%u %llu", at->elided_frames, (unsigned long long)at->bytes);
	} else {
		fprintf(out, "%s %llu",
			profile_string(profile, profile->frames[at->frame].function),
			(unsigned long long)at->bytes);
	}
	for (uint32_t c = at->first_child; c; c = flame->boxes[c].next_sibling) {
		fputs(c == at->first_child ? "(" : ", ", out);
		draw(out, profile, flame, c);
	}
	fputs(at->first_child ? ")" : "", out);
}

static const char *drawn(const struct profile *profile, const struct flame *flame)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	draw(out, profile, flame, 0);
	fclose(out);
	return text;
}

static void stacks_become_boxes_largest_first(void)
{
	struct profile *profile = small_profile();
	struct flame flame = built(profile, MEASURE_PEAK, false, 0);
	CHECK_STR(drawn(profile, &flame), "375(a 370(b 320(c 300), c 40), c 5)");
	CHECK_INT(flame.stacks, 5);
	CHECK_INT(flame.hidden_stacks, 0);
	CHECK_INT(flame.boxes[0].blocks, 5);
	flame_done(&flame);
	flame = built(profile, MEASURE_END, false, 0);
	CHECK_STR(drawn(profile, &flame), "6(c 5, a 1)");
	flame_done(&flame);
	profile_free(profile);
}

static void reversed_has_what_allocated_on_top(void)
{
	struct profile *profile = small_profile();
	struct flame flame = built(profile, MEASURE_PEAK, true, 0);
	CHECK_STR(drawn(profile, &flame), "375(c 345(b 300(a 300), a 40), b 20(a 20), a 10)");
	CHECK_INT(flame.stacks, 5);
	CHECK_INT(flame.boxes[0].blocks, 5);
	flame_done(&flame);
	profile_free(profile);
}

static void small_boxes_are_hidden_but_counted(void)
{
	struct profile *profile = small_profile();
	struct flame flame = built(profile, MEASURE_PEAK, false, 50);
	CHECK_STR(drawn(profile, &flame), "375(a 370(b 320(c 300)))");
	CHECK_INT(flame.stacks, 5);
	CHECK_INT(flame.hidden_stacks, 2);
	CHECK_INT(flame.hidden_bytes, 45);
	flame_done(&flame);
	flame = built(profile, MEASURE_PEAK, true, 50);
	CHECK_STR(drawn(profile, &flame), "375(c 345(b 300(a 300)))");
	CHECK_INT(flame.stacks, 5);
	CHECK_INT(flame.hidden_stacks, 3);
	CHECK_INT(flame.hidden_bytes, 70);
	flame_done(&flame);
	profile_free(profile);
}

static void limit_keeps_the_largest(void)
{
	struct profile *profile = small_profile();
	struct flame flame = built(profile, MEASURE_PEAK, false, 0);
	CHECK_INT(flame_limit(&flame, 6), 0);
	CHECK_INT(flame.count, 6);
	CHECK_INT(flame_limit(&flame, 4), 0);
	CHECK_STR(drawn(profile, &flame), "375(a 370(b 320(c 300)))");
	CHECK_INT(flame.hidden_bytes, 45);
	flame_done(&flame);
	profile_free(profile);
}

static void nodes_of_one_frame_are_one_box(void)
{
	struct profile *profile = small_profile();
	uint32_t last = profile->frame_count - 1;
	/* As a capture may have it: two nodes where one would do. */
	for (uint32_t i = 1; i < profile->node_count; i++) {
		struct profile_node *node = &profile->nodes[i];
		node->frame = node->frame == last ? 0 : node->frame;
	}
	struct flame flame = built(profile, MEASURE_PEAK, false, 0);
	CHECK_STR(drawn(profile, &flame), "375(a 375(b 320(a 300), a 40))");
	flame_done(&flame);
	profile_free(profile);
}

static void deep_stacks_keep_head_and_tail(void)
{
	struct profile *profile = sample_deep(10000);
	struct flame flame = built(profile, MEASURE_PEAK, false, 0);
	uint64_t whole = profile_sum_bytes(profile, MEASURE_PEAK);
	uint32_t box = 0, depth = 0, elided = 0;
	CHECK_INT(flame.boxes[0].bytes, whole);
	while (flame.boxes[box].first_child) {
		box = flame.boxes[box].first_child;
		depth++;
		if (flame.boxes[box].frame == FLAME_ELIDED) {
			CHECK_INT(depth, FLAME_HEAD + 1);
			elided = flame.boxes[box].elided_frames;
		}
	}
	CHECK_INT(depth, FLAME_HEAD + 1 + FLAME_TAIL);
	CHECK_INT(elided, 10001 - FLAME_HEAD - FLAME_TAIL);
	CHECK_INT(flame.boxes[box].bytes, 40 * SAMPLE_MIB);
	CHECK_INT(flame.stacks, 101);
	flame_done(&flame);
	flame = built(profile, MEASURE_PEAK, true, 0);
	CHECK_INT(flame.boxes[0].bytes, whole);
	CHECK(flame.count <= 3 * FLAME_DEPTH_MAX + 3);
	for (box = 0, depth = 0; flame.boxes[box].first_child; depth++) {
		box = flame.boxes[box].first_child;
	}
	CHECK_INT(depth, FLAME_DEPTH_MAX + 1);
	CHECK_INT(flame.boxes[box].frame, FLAME_ELIDED);
	CHECK_INT(flame.boxes[box].elided_frames, 10001 - FLAME_DEPTH_MAX);
	flame_done(&flame);
	profile_free(profile);
}

/* Whatever is left out, a box holds at least what its children hold, and the root all. */
static void bytes_are_never_lost(void)
{
	struct profile *profile = sample_many(5000);
	uint64_t whole = profile_sum_bytes(profile, MEASURE_PEAK);
	for (unsigned turn = 0; turn < 8; turn++) {
		struct flame flame =
			built(profile, MEASURE_PEAK, turn & 1, turn & 2 ? whole / 500 : 0);
		CHECK_INT(flame_limit(&flame, turn & 4 ? 300 : UINT32_MAX), 0);
		CHECK_INT(flame.boxes[0].bytes, whole);
		CHECK_INT(flame.stacks, profile->entry_count);
		uint64_t ended = flame.hidden_bytes;
		for (uint32_t i = 0; i < flame.count; i++) {
			uint64_t children = 0;
			for (uint32_t c = flame.boxes[i].first_child; c;
			     c = flame.boxes[c].next_sibling) {
				CHECK(c > i && flame.boxes[c].parent == i);
				children += flame.boxes[c].bytes;
			}
			CHECK(flame.boxes[i].bytes >= children + flame.boxes[i].self_bytes);
			ended += flame.boxes[i].self_bytes;
		}
		CHECK_INT(ended, whole);
		flame_done(&flame);
	}
	profile_free(profile);
}

/* The boxes that are large enough, as text, children in order. */
static void draw_large(FILE *out, const struct flame *flame, uint32_t box, uint64_t min_bytes)
{
	const struct flame_box *at = &flame->boxes[box];
	fprintf(out, "(%x %llu %llu %u", at->frame, (unsigned long long)at->bytes,
		(unsigned long long)at->blocks, at->elided_frames);
	for (uint32_t c = at->first_child; c; c = flame->boxes[c].next_sibling) {
		if (flame->boxes[c].bytes >= min_bytes) {
			draw_large(out, flame, c, min_bytes);
		}
	}
	fputc(')', out);
}

static char *large_boxes(const struct flame *flame, uint64_t min_bytes)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	draw_large(out, flame, 0, min_bytes);
	fclose(out);
	return text;
}

/* A box is the same whether small ones were left out beforehand or are there beside it. */
static void large_boxes_do_not_depend_on_small_ones(void)
{
	struct profile *(*const make[])(unsigned) = { sample_many, sample_deep };
	for (unsigned turn = 0; turn < 2 * countof(make); turn++) {
		struct profile *profile = make[turn / 2](3000);
		uint64_t min_bytes = profile_sum_bytes(profile, MEASURE_PEAK) / 100;
		struct flame all = built(profile, MEASURE_PEAK, turn & 1, 0);
		struct flame large = built(profile, MEASURE_PEAK, turn & 1, min_bytes);
		char *have = large_boxes(&large, min_bytes), *wanted = large_boxes(&all, min_bytes);
		CHECK_STR(have, wanted);
		CHECK(large.count <= all.count);
		free(have);
		free(wanted);
		flame_done(&all);
		flame_done(&large);
		profile_free(profile);
	}
}

static void an_empty_profile_has_a_root(void)
{
	struct profile *profile = sample_empty();
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		struct flame flame = built(profile, MEASURE_PEAK, reversed, 0);
		CHECK_STR(drawn(profile, &flame), "0");
		CHECK_INT(flame.stacks, 0);
		flame_done(&flame);
	}
	profile_free(profile);
}

static void paths_are_shown_from_where_they_differ(void)
{
	CHECK_STR(flame_short_path("/v/lib/python3.11/site-packages/pandas/a.py", "/v"),
		  "pandas/a.py");
	CHECK_STR(flame_short_path("/usr/lib/python3/dist-packages/apt/b.py", "/"), "apt/b.py");
	CHECK_STR(flame_short_path("/usr/lib/python3.13t/json/__init__.py", "/"),
		  "json/__init__.py");
	CHECK_STR(flame_short_path("/home/me/job/src/x.py", "/home/me/job"), "src/x.py");
	CHECK_STR(flame_short_path("/home/me/jobs/x.py", "/home/me/job"), "/home/me/jobs/x.py");
	CHECK_STR(flame_short_path("/x.py", "/"), "/x.py");
	CHECK_STR(flame_short_path("x.py", ""), "x.py");
	CHECK_STR(flame_short_path("/v/site-packages/", "/"), "/v/site-packages/");
}

static const char *label(size_t columns)
{
	static const struct flame_label at = { .path = "pandas/io/readers.py",
					       .function = "TextReader.read",
					       .line = 26 };
	static char text[256];
	FILE *out = fmemopen(text, sizeof(text), "w");
	REQUIRE(out);
	text[0] = 0;
	flame_write_label(out, &at, columns);
	fclose(out);
	return text;
}

static void labels_give_way_from_the_least_telling_end(void)
{
	CHECK_STR(label(41), "pandas/io/readers.py:26 (TextReader.read)");
	CHECK_STR(label(40), "\xe2\x80\xa6/io/readers.py:26 (TextReader.read)");
	CHECK_STR(label(34), "readers.py:26 (TextReader.read)");
	CHECK_STR(label(30), "readers.py:26 (TextReader.re\xe2\x80\xa6)");
	CHECK_STR(label(20), "readers.py:26 (Tex\xe2\x80\xa6)");
	CHECK_STR(label(19), "readers.py:26");
	CHECK_STR(label(12), "\xe2\x80\xa6"
			     "aders.py:26");
	CHECK_STR(label(11), "\xe2\x80\xa6"
			     "ders.py:26");
	CHECK_STR(label(10), "TextReade\xe2\x80\xa6");
	CHECK_STR(label(6), "TextR\xe2\x80\xa6");
	CHECK_STR(label(3), "");
	CHECK_STR(label(0), "");
}

static void colours_go_from_pale_to_red(void)
{
	unsigned last_green = 256;
	CHECK_INT(flame_colour(0, 0), 0xfdf0c0);
	CHECK_INT(flame_colour(0, 100), 0xfdf0c0);
	CHECK_INT(flame_colour(100, 100), 0xf4866a);
	CHECK_INT(flame_colour(UINT64_MAX, UINT64_MAX), 0xf4866a);
	for (unsigned share = 0; share <= 1000; share++) {
		unsigned green = flame_colour(share, 1000) >> 8 & 0xff;
		CHECK(green <= last_green);
		last_green = green;
	}
}

int main(void)
{
	RUN(stacks_become_boxes_largest_first);
	RUN(reversed_has_what_allocated_on_top);
	RUN(small_boxes_are_hidden_but_counted);
	RUN(limit_keeps_the_largest);
	RUN(nodes_of_one_frame_are_one_box);
	RUN(deep_stacks_keep_head_and_tail);
	RUN(bytes_are_never_lost);
	RUN(large_boxes_do_not_depend_on_small_ones);
	RUN(an_empty_profile_has_a_root);
	RUN(paths_are_shown_from_where_they_differ);
	RUN(labels_give_way_from_the_least_telling_end);
	RUN(colours_go_from_pale_to_red);
	return test_done();
}
