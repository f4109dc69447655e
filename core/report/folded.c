// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Collapsed stacks, as Fil writes its .prof files and as flamegraph.pl, inferno and speedscope read
 * them: a line per stack, largest first,
 *
 *     file:line (function);file:line (function) bytes
 *
 * outermost frame first; a label stands for itself, and of machine code whose line is not known
 * there is no ":line". Names that would break the line are escaped:
 * ";", controls, and bytes that are not UTF-8 become \xNN, and so does a backslash before an "x"
 * (\x5c), so that reading \xNN as that byte gives back every name.
 *
 * In brief (core/report/folded_lines.h) small stacks end in "[smaller stacks]" where they part from
 * each other.
 *
 * Very many or very deep stacks would fill a disk: when the file has FOLDED_BYTES_MAX, the rest is
 * one line, "[N smaller stacks] bytes", so that the sum stays what it is.
 */
#include "core/host/buffer.h"
#include "core/report/escape.h"
#include "core/report/folded_lines.h"
#include "core/report/report.h"
#include "core/report/stack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** About what the largest file takes. A capture of the same stacks takes a hundredth of that. */
#define FOLDED_BYTES_MAX ((uint64_t)32 << 20)

static bool is_plain(const char *at, const char *end, uint32_t c)
{
	bool valid = c != 0xfffd || (end - at == 3 && memcmp(at, "\xef\xbf\xbd", 3) == 0);
	return valid && c >= 0x20 && c != 0x7f && c != ';';
}

static void write_name(FILE *out, const char *name)
{
	const char *limit = name + strlen(name);
	while (name < limit) {
		const char *next = name;
		uint32_t c = escape_next_char(&next, limit);
		if (is_plain(name, next, c) && !(c == '\\' && *next == 'x')) {
			fwrite(name, 1, (size_t)(next - name), out);
			name = next;
		}
		for (; name < next; name++) {
			fprintf(out, "\\x%02x", (unsigned char)*name);
		}
	}
}

static void write_frame(FILE *out, const struct profile *profile, const struct profile_frame *frame)
{
	if (frame->flags & FRAME_LABEL) {
		write_name(out, profile_string(profile, frame->function));
		return;
	}
	write_name(out, profile_string(profile, frame->file));
	if (frame->line || !(frame->flags & FRAME_NATIVE)) {
		fprintf(out, ":%" PRIu32, frame->line);
	}
	fputs(" (", out);
	write_name(out, profile_string(profile, frame->function));
	fputc(')', out);
}

/** Texts of frames: each is in thousands of stacks, but escaped only once. */
struct texts {
	char **of_frame;
	size_t *len;
};

static void texts_done(struct texts *texts, uint32_t count)
{
	for (uint32_t i = 0; texts->of_frame && i < count; i++) {
		free(texts->of_frame[i]);
	}
	free(texts->of_frame);
	free(texts->len);
}

static int texts_init(struct texts *texts, uint32_t count)
{
	texts->of_frame = calloc((size_t)count + 1, sizeof(*texts->of_frame));
	texts->len = calloc((size_t)count + 1, sizeof(*texts->len));
	return texts->of_frame && texts->len ? 0 : -1;
}

static int texts_load(struct texts *texts, const struct profile *profile, uint32_t frame)
{
	if (texts->of_frame[frame]) {
		return 0;
	}
	FILE *out = open_memstream(&texts->of_frame[frame], &texts->len[frame]);
	if (!out) {
		return -1;
	}
	write_frame(out, profile, &profile->frames[frame]);
	return fclose(out);
}

struct folded {
	FILE *out;
	const struct profile *profile;
	struct texts texts;
	struct report_stack stack;
	/** The line that is being written: most of the time goes into frames. */
	struct buffer text;
	uint64_t written_bytes;
};

/** Put the loaded stack of a line into the text. */
static int add_stack(struct folded *folded, const struct folded_line *line)
{
	const struct report_stack *stack = &folded->stack;
	struct buffer *text = &folded->text;
	if (!stack->count && !line->is_rest) {
		buffer_append_text(text, "[No Python stack]");
	}
	for (uint32_t i = 0; i < stack->count; i++) {
		uint32_t frame = stack->frames[i];
		if (texts_load(&folded->texts, folded->profile, frame) != 0) {
			return -1;
		}
		if (i) {
			buffer_append_char(text, ';');
		}
		buffer_append(text, folded->texts.of_frame[frame], folded->texts.len[frame]);
	}
	return 0;
}

static int write_line(struct folded *folded, const struct folded_line *line)
{
	struct buffer *text = &folded->text;
	buffer_clear(text);
	if (report_stack_load(&folded->stack, folded->profile, line->node) != 0
	    || add_stack(folded, line) != 0) {
		return -1;
	}
	if (line->is_rest) {
		buffer_append_text(text,
				   folded->stack.count ? ";[smaller stacks]" : "[smaller stacks]");
	}
	buffer_append_char(text, ' ');
	buffer_append_number(text, line->bytes);
	buffer_append_char(text, '\n');
	fwrite(text->data, 1, text->len, folded->out);
	folded->written_bytes += text->len;
	return ferror(folded->out) || buffer_failed(text) ? -1 : 0;
}

/** The stacks that there is no room for. */
static void write_rest(struct folded *folded, const struct folded_line *lines, uint32_t count)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < count; i++) {
		bytes += lines[i].bytes;
	}
	if (count) {
		fprintf(folded->out, "[%" PRIu32 " smaller stacks] %" PRIu64 "\n", count, bytes);
	}
}

static int write_all(struct folded *folded, const struct folded_line *lines, uint32_t count)
{
	uint32_t i = 0;
	for (; i < count && folded->written_bytes < FOLDED_BYTES_MAX; i++) {
		if (write_line(folded, &lines[i]) != 0) {
			return -1;
		}
	}
	write_rest(folded, lines + i, count - i);
	return ferror(folded->out) ? -1 : 0;
}

int report_write_folded(FILE *out, const struct profile *profile,
			const struct report_options *options)
{
	struct folded folded = { .out = out, .profile = profile };
	uint32_t count;
	struct folded_line *lines = folded_lines(profile, options->of, options->in_brief, &count);
	int result = -1;
	if (lines && texts_init(&folded.texts, profile->frame_count) == 0) {
		result = write_all(&folded, lines, count);
	}
	texts_done(&folded.texts, profile->frame_count);
	report_stack_done(&folded.stack);
	buffer_done(&folded.text);
	free(lines);
	return result;
}
