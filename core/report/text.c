// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The report for a terminal and a log: what happened, totals, then the largest call stacks as
 * Python prints a traceback. 100 columns; nothing that came from the workload acts on the terminal.
 */
#include "core/report/breach.h"
#include "core/report/cut.h"
#include "core/report/escape.h"
#include "core/report/text_parts.h"
#include "core/report/threads.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STACKS_DEFAULT 10u
/** Unless a number is asked for: after so many, stacks of less than this part are left out. */
#define STACKS_LEAST 3u
#define CRUMB_SHARE 200u
#define THREADS_MAX 16u
/** As Python's traceback module: a frame that repeats is printed this often. */
#define REPEATS_MAX 3u
/** Of a deeper stack only the outermost and innermost frames are printed. */
#define OUTERMOST_MAX 20u
#define INNERMOST_MAX 40u

void text_write_title(const struct text_writer *writer, const char *title)
{
	fputc('\n', writer->out);
	text_style(writer, STYLE_BOLD);
	fputs(title, writer->out);
	text_style(writer, STYLE_PLAIN);
	fputc('\n', writer->out);
}

static const char *text_of(const struct text_writer *writer, uint32_t string)
{
	return profile_string(writer->profile, string);
}

static void write_frame(const struct text_writer *writer, const struct profile_frame *frame)
{
	FILE *out = writer->out;
	const char *source = text_of(writer, frame->source);
	const char *function = text_of(writer, frame->function);
	if (frame->flags & FRAME_LABEL) {
		fputs("    ", out);
		cut_text(out, function, TEXT_COLUMNS - 4);
		fputc('\n', out);
		return;
	}
	/* Names in full: an editor jumps by them. */
	fputs("    File \"", out);
	escape_text(out, ESCAPE_TERMINAL, text_of(writer, frame->file));
	if (frame->line) {
		fprintf(out, "\", line %" PRIu32 ", in ", frame->line);
	} else {
		fputs("\", in ", out);
	}
	cut_text(out, function[0] ? function : "?", TEXT_COLUMNS);
	fputc('\n', out);
	source += strspn(source, " \t\f");
	if (writer->options->with_source && source[0]) {
		bool changed = frame->flags & FRAME_SOURCE_CHANGED;
		text_style(writer, STYLE_DIM);
		fputs("      ", out);
		cut_text(out, source, TEXT_COLUMNS - (changed ? 35 : 6));
		fputs(changed ? "   # file changed since start" : "", out);
		text_style(writer, STYLE_PLAIN);
		fputc('\n', out);
	}
}

/** Write frames first .. end-1 of the loaded stack, repeated ones once and counted. */
static void write_frames(const struct text_writer *writer, uint32_t first, uint32_t end)
{
	const uint32_t *frames = writer->stack.frames;
	uint32_t next;
	for (uint32_t i = first; i < end; i = next) {
		next = i + 1;
		while (next < end && frames[next] == frames[i]) {
			next++;
		}
		for (uint32_t k = i; k < next && k - i < REPEATS_MAX; k++) {
			write_frame(writer, &writer->profile->frames[frames[k]]);
		}
		if (next - i > REPEATS_MAX) {
			uint32_t more = next - i - REPEATS_MAX;
			fprintf(writer->out,
				"    [Previous line repeated %" PRIu32 " more time%s]\n", more,
				more == 1 ? "" : "s");
		}
	}
}

/** Frames at the loaded stack's end that print as at most INNERMOST_MAX. */
static uint32_t innermost_start(const struct report_stack *stack)
{
	uint32_t shown = 0;
	uint32_t i = stack->count;
	while (i > 0 && shown < INNERMOST_MAX) {
		shown += i == stack->count || stack->frames[i - 1] != stack->frames[i];
		i--;
	}
	while (i > 0 && stack->frames[i - 1] == stack->frames[i]) {
		i--;
	}
	return i;
}

static int write_stack(struct text_writer *writer, uint32_t node)
{
	struct report_stack *stack = &writer->stack;
	if (report_stack_load(stack, writer->profile, node)) {
		return -1;
	}
	uint32_t inner = innermost_start(stack);
	if (inner <= OUTERMOST_MAX) {
		write_frames(writer, 0, stack->count);
		return 0;
	}
	write_frames(writer, 0, OUTERMOST_MAX);
	fprintf(writer->out, "    [%" PRIu32 " more calls]\n", inner - OUTERMOST_MAX);
	write_frames(writer, inner, stack->count);
	return 0;
}

static void write_title(const struct text_writer *writer, uint32_t shown, uint32_t count)
{
	static const char *const titles[] = {
		[MEASURE_PEAK] = "Held at the peak",
		[MEASURE_END] = "Held at the end",
		[MEASURE_TOTAL] = "Allocated in the whole run",
	};
	const char *title = titles[writer->options->of];
	if (writer->options->of == MEASURE_END && writer->profile->moment == MOMENT_NOW) {
		title = "Held now";
	} else if (writer->options->of == MEASURE_END
		   && writer->profile->moment == MOMENT_OUT_OF_MEMORY) {
		title = "Held when memory ran out";
	} else if (writer->options->of == MEASURE_END
		   && writer->profile->moment == MOMENT_IN_ADVANCE) {
		title = "Held when memory was almost out";
	}
	fputc('\n', writer->out);
	text_style(writer, STYLE_BOLD);
	fprintf(writer->out, "%s, by call stack", title);
	text_style(writer, STYLE_PLAIN);
	if (!count) {
		fputs(": nothing\n", writer->out);
	} else if (shown < count) {
		fprintf(writer->out, ": the largest %s of %s\n", units_count(shown).text,
			units_count(count).text);
	} else {
		fputc('\n', writer->out);
	}
}

static int write_entry(struct text_writer *writer, uint32_t number,
		       const struct profile_entry *entry, uint64_t whole)
{
	uint64_t bytes = profile_entry_bytes(entry, writer->options->of);
	uint64_t blocks = profile_entry_blocks(entry, writer->options->of);
	fprintf(writer->out, "\n%3" PRIu32 ". ", number);
	text_style(writer, STYLE_BOLD);
	fprintf(writer->out, "%s, %s", units_bytes(bytes).text, units_percent(bytes, whole).text);
	text_style(writer, STYLE_PLAIN);
	fprintf(writer->out, ", %s block%s\n", units_count(blocks).text, blocks == 1 ? "" : "s");
	return write_stack(writer, entry->node);
}

/** Stacks to print: as many as asked for; if none were, not the crumbs. */
static uint32_t count_shown(const struct text_writer *writer, const uint32_t *sorted,
			    uint32_t count, uint64_t whole)
{
	uint32_t asked = writer->options->stacks;
	if (asked) {
		return count < asked ? count : asked;
	}
	uint32_t shown = 0;
	while (shown < count && shown < STACKS_DEFAULT) {
		const struct profile_entry *entry = &writer->profile->entries[sorted[shown]];
		uint64_t bytes = profile_entry_bytes(entry, writer->options->of);
		if (shown >= STACKS_LEAST && bytes < whole / CRUMB_SHARE) {
			break;
		}
		shown++;
	}
	return shown;
}

static int write_stacks(struct text_writer *writer)
{
	enum measure of = writer->options->of;
	uint32_t count;
	uint32_t *sorted = profile_sorted_entries(writer->profile, of, &count);
	if (!sorted) {
		return -1;
	}
	uint64_t whole = profile_sum_bytes(writer->profile, of);
	uint32_t shown = count_shown(writer, sorted, count, whole);
	uint64_t rest = whole;
	int result = 0;
	write_title(writer, shown, count);
	for (uint32_t i = 0; i < shown && result == 0; i++) {
		const struct profile_entry *entry = &writer->profile->entries[sorted[i]];
		rest -= profile_entry_bytes(entry, of);
		result = write_entry(writer, i + 1, entry, whole);
	}
	if (shown < count) {
		fprintf(writer->out, "\n     %s, %s in %s more stack%s\n", units_bytes(rest).text,
			units_percent(rest, whole).text, units_count(count - shown).text,
			count - shown == 1 ? "" : "s");
	}
	free(sorted);
	return result;
}

static int write_thread(struct text_writer *writer, const struct profile_thread *thread)
{
	uint64_t age = thread->age_allocations;
	fprintf(writer->out, "\n  thread %" PRIu32 "%s", thread->tid,
		threads_broke(writer->profile, thread) ? ", which reached the limit" : "");
	if (thread->flags & THREAD_STOPPED) {
		fputs(", where it was stopped\n", writer->out);
	} else {
		fprintf(writer->out, ", %s allocation%s of the program before\n",
			units_count(age).text, age == 1 ? "" : "s");
	}
	return write_stack(writer, thread->node);
}

static int write_threads(struct text_writer *writer)
{
	const struct profile *profile = writer->profile;
	if (!profile->thread_count || !threads_matter(&profile->outcome)) {
		return 0;
	}
	uint32_t *order = threads_in_order(profile);
	if (!order) {
		return -1;
	}
	text_write_title(writer, threads_are_stopped(profile)
			 ? "Where its threads were"
			 : "Where its threads were last seen to allocate");
	int result = 0;
	for (uint32_t i = 0; i < profile->thread_count && i < THREADS_MAX && result == 0; i++) {
		result = write_thread(writer, &profile->threads[order[i]]);
	}
	if (profile->thread_count > THREADS_MAX) {
		fprintf(writer->out, "\n  and %" PRIu32 " more threads\n",
			profile->thread_count - THREADS_MAX);
	}
	free(order);
	return result;
}

/** The stack of the allocation that was refused. */
static int write_failure(struct text_writer *writer)
{
	const struct profile *profile = writer->profile;
	if (!profile->failed_node || !profile->outcome.failed_count) {
		return 0;
	}
	fputc('\n', writer->out);
	text_style(writer, STYLE_BOLD);
	fprintf(writer->out, "Refused: an allocation of %s (%s bytes)\n",
		units_bytes(profile->outcome.failed_bytes).text,
		units_count(profile->outcome.failed_bytes).text);
	text_style(writer, STYLE_PLAIN);
	fputc('\n', writer->out);
	return write_stack(writer, profile->failed_node);
}

/** The stack at which the ceiling was reached. */
static int write_breach(struct text_writer *writer)
{
	if (!writer->profile->breach_node || !breach_happened(&writer->profile->outcome)) {
		return 0;
	}
	fputc('\n', writer->out);
	text_style(writer, STYLE_BOLD);
	breach_write_title(writer->out, &writer->profile->outcome);
	text_style(writer, STYLE_PLAIN);
	fputs("\n\n", writer->out);
	return write_stack(writer, writer->profile->breach_node);
}

int report_write_text(FILE *out, const struct profile *profile,
		      const struct report_options *options)
{
	struct text_writer writer = { .out = out, .profile = profile, .options = options };
	text_write_head(&writer);
	int result = write_breach(&writer);
	result = result ? result : write_failure(&writer);
	result = result ? result : text_write_cut(&writer);
	result = result ? result : write_stacks(&writer);
	result = result ? result : write_threads(&writer);
	text_write_ram(&writer);
	report_stack_done(&writer.stack);
	return result || ferror(out) ? -1 : 0;
}
