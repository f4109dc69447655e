// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A flame graph as one SVG file: root on top, what allocates below (or reversed).
 *
 * Every box is an svg element of its own, placed by percentages and clipping its text, so that the
 * script has to change only x and width. The picture is complete without the script (in an img
 * element, in a mail): labels fit WIDTH_PX, and titles tell the rest.
 */

#include "core/report/svg.h"

#include "core/report/assets/assets.h"
#include "core/report/escape.h"
#include "core/report/flame_label.h"
#include "core/report/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_PX 1200u
#define MARGIN_PX 10u
#define GRAPH_PX (WIDTH_PX - 2 * MARGIN_PX)
#define GRAPH_TOP_PX 60u
#define FOOT_PX 56u
#define NAME_PX 20u /* height of a box's first line */
#define CODE_PX 19u /* and of its second, if it has one */
/** Boxes below that many thousandths of the whole are not drawn: 2 as Fil does, 5 in the page. */
#define THOUSANDTHS_MIN 2u
#define THOUSANDTHS_MIN_STATIC 5u
/** Millipixels of a character of the 12 px font: at most 0.602 em in the usual monospaced fonts. */
#define COLUMN_MPX 7224u

struct svg {
	FILE *out;
	const struct profile *profile;
	const struct report_options *options;
	/** A file of its own, or an element of the page, which is static and coarser. */
	bool alone;
	struct flame flame;
	/** Per box: its left edge in bytes from the left, and its top in pixels. */
	uint64_t *left;
	uint32_t *top;
	uint32_t height;
};

const char *svg_measure_title(const struct profile *profile, enum measure of)
{
	static const char *const end[] = {
		[MOMENT_END] = "Memory held at the end",
		[MOMENT_NOW] = "Memory held now",
		[MOMENT_OUT_OF_MEMORY] = "Memory held when it ran out",
		[MOMENT_IN_ADVANCE] = "Memory held when it was almost out",
	};
	switch (of) {
	case MEASURE_PEAK:
		return "Peak of tracked memory";
	case MEASURE_TOTAL:
		return "All memory allocated during the run";
	default:
		return end[profile->moment < MOMENT_COUNT ? profile->moment : MOMENT_END];
	}
}

const char *svg_measure_noun(const struct profile *profile, enum measure of)
{
	static const char *const end[] = {
		[MOMENT_END] = "the memory held at the end",
		[MOMENT_NOW] = "the memory held now",
		[MOMENT_OUT_OF_MEMORY] = "the memory held when it ran out",
		[MOMENT_IN_ADVANCE] = "the memory held when it was almost out",
	};
	switch (of) {
	case MEASURE_PEAK:
		return "the peak";
	case MEASURE_TOTAL:
		return "all that was allocated";
	default:
		return end[profile->moment < MOMENT_COUNT ? profile->moment : MOMENT_END];
	}
}

static bool has_code(const struct svg *svg, const struct flame_box *box)
{
	if (!svg->options->with_source || box->frame >= svg->profile->frame_count) {
		return false;
	}
	return flame_label_of(svg->profile, box->frame).source[0] != 0;
}

static uint32_t box_height(const struct svg *svg, const struct flame_box *box)
{
	return NAME_PX + (has_code(svg, box) ? CODE_PX : 0);
}

/* Parents come before children, and a parent's children are placed when it is reached. */
static int place_boxes(struct svg *svg)
{
	const struct flame *flame = &svg->flame;
	svg->left = calloc(flame->count, sizeof(*svg->left));
	svg->top = calloc(flame->count, sizeof(*svg->top));
	if (!svg->left || !svg->top) {
		errno = ENOMEM;
		return -1;
	}
	for (uint32_t i = 0; i < flame->count; i++) {
		const struct flame_box *box = &flame->boxes[i];
		uint32_t bottom = svg->top[i] + box_height(svg, box);
		uint64_t left = svg->left[i];
		for (uint32_t c = box->first_child; c; c = flame->boxes[c].next_sibling) {
			svg->left[c] = left;
			svg->top[c] = bottom;
			left += flame->boxes[c].bytes;
		}
		if (bottom > svg->height) {
			svg->height = bottom;
		}
	}
	return 0;
}

/* part/whole in percent with six decimals, which is exact enough for any zoom. */
static void write_percentage(FILE *out, uint64_t part, uint64_t whole)
{
	uint64_t millionths = whole ? (uint64_t)((unsigned __int128)part * 100000000u / whole) : 0;
	unsigned decimals = (unsigned)(millionths % 1000000);
	fprintf(out, "%u", (unsigned)(millionths / 1000000));
	if (decimals) {
		fprintf(out, ".%06u", decimals);
	}
	fputc('%', out);
}

/* The first line of a title: all there is to say of a frame's place. */
static void write_place(const struct svg *svg, const struct flame_box *box)
{
	const struct profile_frame *frame = &svg->profile->frames[box->frame];
	if (!(frame->flags & FRAME_LABEL)) {
		escape_end(svg->out, ESCAPE_MARKUP, profile_string(svg->profile, frame->file),
			   FLAME_TEXT_COLUMNS);
		if (frame->line) {
			fprintf(svg->out, ":%u", frame->line);
		}
		fputs(" (", svg->out);
	}
	escape_start(svg->out, ESCAPE_MARKUP, profile_string(svg->profile, frame->function),
		     FLAME_TEXT_COLUMNS);
	fputs(frame->flags & FRAME_LABEL ? "" : ")", svg->out);
}

static void write_sizes(const struct svg *svg, const struct flame_box *box)
{
	fprintf(svg->out, "%s", units_bytes(box->bytes).text);
	if (box->bytes >= 1024) {
		fprintf(svg->out, " (%s bytes)", units_count(box->bytes).text);
	}
	fprintf(svg->out, ", %s of %s, in %s block%s",
		units_percent(box->bytes, svg->flame.boxes[0].bytes).text,
		svg_measure_noun(svg->profile, svg->options->of), units_count(box->blocks).text,
		box->blocks == 1 ? "" : "s");
}

/* The label of a box that is no frame of the profile, and the root's. */
static void write_special_name(const struct svg *svg, const struct flame_box *box)
{
	if (box->frame == FLAME_ELIDED) {
		fprintf(svg->out, "\xe2\x80\xa6 %s more frame%s",
			units_count(box->elided_frames).text, box->elided_frames == 1 ? "" : "s");
	} else {
		fprintf(svg->out, "all: %s", units_bytes(box->bytes).text);
	}
}

static void write_title(const struct svg *svg, const struct flame_box *box,
			const struct flame_label *label)
{
	fputs("<title>", svg->out);
	if (label) {
		write_place(svg, box);
	} else {
		write_special_name(svg, box);
	}
	fputc('\n', svg->out);
	if (has_code(svg, box)) {
		escape_start(svg->out, ESCAPE_MARKUP, label->source, FLAME_TEXT_COLUMNS);
		fputs(svg->profile->frames[box->frame].flags & FRAME_SOURCE_CHANGED
			      ? " (the file has changed since)\n"
			      : "\n",
		      svg->out);
	}
	write_sizes(svg, box);
	fputs("</title>\n", svg->out);
}

/* What the script needs to write the label anew. */
static void write_label_data(const struct svg *svg, const struct flame_label *label)
{
	if (label->path[0]) {
		fputs(" data-p=\"", svg->out);
		escape_end(svg->out, ESCAPE_MARKUP, label->path, FLAME_TEXT_COLUMNS);
		fputc('"', svg->out);
	}
	if (label->line) {
		fprintf(svg->out, " data-l=\"%u\"", label->line);
	}
	fputs(" data-f=\"", svg->out);
	escape_start(svg->out, ESCAPE_MARKUP, label->function, FLAME_TEXT_COLUMNS);
	fputc('"', svg->out);
}

static uint32_t box_fill(const struct svg *svg, const struct flame_box *box,
			 const struct flame_label *label)
{
	if (!label || !label->path[0]) {
		return 0xdfe2e8;
	}
	return flame_colour(box->bytes, svg->flame.boxes[0].bytes);
}

static void write_box_start(const struct svg *svg, uint32_t number, const struct flame_label *label)
{
	const struct flame_box *box = &svg->flame.boxes[number];
	uint64_t whole = svg->flame.boxes[0].bytes;
	fprintf(svg->out, "<svg class=\"f%s\" x=\"", label && label->own ? " own" : "");
	write_percentage(svg->out, svg->left[number], whole);
	fprintf(svg->out, "\" y=\"%u\" width=\"", svg->top[number]);
	write_percentage(svg->out, box->bytes, whole);
	fprintf(svg->out, "\" height=\"%u\" data-b=\"%llu\"", box_height(svg, box),
		(unsigned long long)box->bytes);
	if (label) {
		write_label_data(svg, label);
	} else {
		fputs(" data-f=\"", svg->out);
		write_special_name(svg, box);
		fputc('"', svg->out);
	}
	fputs(">", svg->out);
}

static void write_box(const struct svg *svg, uint32_t number)
{
	const struct flame_box *box = &svg->flame.boxes[number];
	uint64_t width_mpx = svg->flame.boxes[0].bytes
				     ? (uint64_t)((unsigned __int128)box->bytes * GRAPH_PX * 1000
						  / svg->flame.boxes[0].bytes)
				     : 0;
	size_t columns = width_mpx > 8000 ? (size_t)((width_mpx - 8000) / COLUMN_MPX) : 0;
	bool code = has_code(svg, box);
	struct flame_label store, *label = NULL;
	if (box->frame < svg->profile->frame_count) {
		store = flame_label_of(svg->profile, box->frame);
		label = &store;
	}
	write_box_start(svg, number, label);
	write_title(svg, box, label);
	fprintf(svg->out, "<rect class=\"bg\" width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/>",
		box_fill(svg, box, label));
	if (code) {
		fprintf(svg->out,
			"<rect class=\"code-bg\" y=\"%u\" width=\"100%%\" height=\"%u\"/>", NAME_PX,
			CODE_PX);
	}
	fputs("<rect class=\"edge\" width=\"100%\" height=\"100%\"/><text class=\"name\" x=\"4\" "
	      "y=\"14\">",
	      svg->out);
	if (label) {
		flame_write_label(svg->out, label, columns);
	} else if (columns >= 12) {
		write_special_name(svg, box);
	}
	fputs("</text>", svg->out);
	if (code) {
		fprintf(svg->out, "<text class=\"code\" x=\"4\" y=\"%u\">", NAME_PX + 13);
		escape_start(svg->out, ESCAPE_MARKUP, label->source, columns);
		fputs("</text>", svg->out);
	}
	fputs("</svg>\n", svg->out);
}

static void write_boxes(const struct svg *svg)
{
	fprintf(svg->out, "<svg id=\"graph\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\">\n",
		MARGIN_PX, GRAPH_TOP_PX, GRAPH_PX, svg->height);
	/* Depth first, so that whoever reads it line by line goes down the stacks. */
	for (uint32_t i = 0;;) {
		write_box(svg, i);
		const struct flame_box *boxes = svg->flame.boxes;
		if (boxes[i].first_child) {
			i = boxes[i].first_child;
			continue;
		}
		while (i && !boxes[i].next_sibling) {
			i = boxes[i].parent;
		}
		if (i == 0) {
			break;
		}
		i = boxes[i].next_sibling;
	}
	fputs("</svg>\n", svg->out);
}

static void write_heading(const struct svg *svg)
{
	const struct profile *profile = svg->profile;
	const char *command = profile_string(profile, profile->command);
	fprintf(svg->out, "%s: %s%s", svg_measure_title(profile, svg->options->of),
		units_bytes(svg->flame.boxes[0].bytes).text,
		svg->options->reversed ? " (reversed: what allocated on top)" : "");
	fprintf(svg->out, "</text>\n<text class=\"sub\" x=\"%u\" y=\"46\">", MARGIN_PX);
	escape_start(svg->out, ESCAPE_MARKUP, command, 150);
}

static void write_foot(const struct svg *svg)
{
	const struct flame *flame = &svg->flame;
	fprintf(svg->out, "<text class=\"sub\" x=\"%u\" y=\"%u\">", MARGIN_PX,
		GRAPH_TOP_PX + svg->height + 20);
	fprintf(svg->out, "%s stack%s. Wider and redder holds more.",
		units_count(flame->stacks).text, flame->stacks == 1 ? "" : "s");
	if (flame->hidden_stacks) {
		fprintf(svg->out,
			" Boxes below 0.%u %% are not drawn: %s stack%s (%s) end%s in one, "
			"and count%s in the boxes above.",
			svg->alone ? THOUSANDTHS_MIN : THOUSANDTHS_MIN_STATIC,
			units_count(flame->hidden_stacks).text,
			flame->hidden_stacks == 1 ? "" : "s",
			units_percent(flame->hidden_bytes, flame->boxes[0].bytes).text,
			flame->hidden_stacks == 1 ? "s" : "", flame->hidden_stacks == 1 ? "s" : "");
	}
	fputs("</text>\n", svg->out);
}

static void write_empty(const struct svg *svg)
{
	fprintf(svg->out, "<text class=\"title\" x=\"%u\" y=\"%u\">no memory was tracked</text>\n",
		MARGIN_PX, GRAPH_TOP_PX + 30);
}

static void write_element(struct svg *svg)
{
	FILE *out = svg->out;
	bool empty = svg->flame.boxes[0].bytes == 0;
	unsigned height = GRAPH_TOP_PX + (empty ? 20 : svg->height) + FOOT_PX;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\">\n<title>",
		WIDTH_PX, height, WIDTH_PX, height);
	fprintf(out, "%s: %s", svg_measure_title(svg->profile, svg->options->of),
		units_bytes(svg->flame.boxes[0].bytes).text);
	fputs("</title>\n<style><![CDATA[\n", out);
	asset_write(out, svg_css);
	fputs("]]></style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n", out);
	fprintf(out, "<text class=\"title\" x=\"%u\" y=\"25\">", MARGIN_PX);
	write_heading(svg);
	fputs("</text>\n", out);
	if (empty) {
		write_empty(svg);
	} else {
		fprintf(out,
			"<text id=\"reset\" class=\"button hidden\" role=\"button\" tabindex=\"0\" "
			"x=\"%u\" y=\"46\" text-anchor=\"end\">Reset zoom</text>\n",
			WIDTH_PX - MARGIN_PX);
		write_boxes(svg);
		write_foot(svg);
	}
	if (svg->alone && !empty) {
		fputs("<script><![CDATA[\n", out);
		asset_write(out, flame_js);
		asset_write(out, svg_js);
		fputs("]]></script>\n", out);
	}
	fputs("</svg>\n", out);
}

static int write_svg(FILE *out, const struct profile *profile, const struct report_options *options,
		     bool alone)
{
	struct svg svg = { .out = out, .profile = profile, .options = options, .alone = alone };
	int result = -1;
	uint64_t min_bytes = profile_sum_bytes(profile, options->of) / 1000
			     * (alone ? THOUSANDTHS_MIN : THOUSANDTHS_MIN_STATIC);
	if (flame_build(&svg.flame, profile, options->of, options->reversed, min_bytes) == 0) {
		if (place_boxes(&svg) == 0) {
			write_element(&svg);
			result = fflush(out) != 0 || ferror(out) ? -1 : 0;
		}
		flame_done(&svg.flame);
	}
	free(svg.left);
	free(svg.top);
	return result;
}

int svg_write_static(FILE *out, const struct profile *profile, const struct report_options *options)
{
	return write_svg(out, profile, options, false);
}

int report_write_svg(FILE *out, const struct profile *profile, const struct report_options *options)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	return write_svg(out, profile, options, true);
}
