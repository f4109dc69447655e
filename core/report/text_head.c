// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/base/recording.h"
#include "core/report/breach.h"
#include "core/report/escape.h"
#include "core/report/notes.h"
#include "core/report/text_parts.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LABEL_COLUMNS 12

void text_style(const struct text_writer *writer, const char *sequence)
{
	fputs(writer->options->colour ? sequence : "", writer->out);
}

static const char *text_of(const struct text_writer *writer, uint32_t string)
{
	return profile_string(writer->profile, string);
}

void text_write_wrapped(FILE *out, const char *text, unsigned indent)
{
	unsigned column = indent;
	while (*text) {
		size_t word = strcspn(text, " ");
		unsigned wide = (unsigned)escape_columns(text, word);
		if (column > indent && column + 1 + wide > TEXT_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		escape_bytes(out, ESCAPE_TERMINAL, text, word);
		column += wide;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

static void write_label(const struct text_writer *writer, const char *label)
{
	text_style(writer, STYLE_DIM);
	fprintf(writer->out, "%-*s", LABEL_COLUMNS, label);
	text_style(writer, STYLE_PLAIN);
}

static void write_row(const struct text_writer *writer, const char *label, const char *text)
{
	if (text[0]) {
		write_label(writer, label);
		text_write_wrapped(writer->out, text, LABEL_COLUMNS);
	}
}

static void write_verdict(const struct text_writer *writer)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);
	if (!memory) {
		return;
	}
	int64_t ms = writer->profile->outcome.duration_ms;
	report_verdict_sentence(memory, writer->profile);
	fprintf(memory, " after %s", units_duration(ms > 0 ? (uint64_t)ms : 0).text);
	if (fclose(memory) == 0) {
		write_row(writer, "verdict", text);
	}
	free(text);
}

/** A row whose text write() makes of the outcome; none for "". */
static void write_outcome_row(const struct text_writer *writer, const char *label,
			      void (*write)(FILE *out, const struct outcome *outcome))
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);
	if (memory) {
		write(memory, &writer->profile->outcome);
		if (fclose(memory) == 0) {
			write_row(writer, label, text);
		}
		free(text);
	}
}

static void write_start(const struct text_writer *writer)
{
	time_t seconds = (time_t)(writer->profile->outcome.start_unix_ms / 1000);
	struct tm tm;
	char text[64];
	if (seconds && gmtime_r(&seconds, &tm)
	    && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm)) {
		write_row(writer, "started", text);
	}
}

static void write_bytes_row(const struct text_writer *writer, const char *label, uint64_t bytes,
			    const char *what, uint64_t count)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "%s", units_bytes(bytes).text);
	if (bytes >= 1024) {
		len += snprintf(text + len, sizeof(text) - (size_t)len, " (%s bytes)",
				units_count(bytes).text);
	}
	if (what) {
		snprintf(text + len, sizeof(text) - (size_t)len, " in %s %s%s",
			 units_count(count).text, what, count == 1 ? "" : "s");
	}
	write_row(writer, label, text);
}

static uint64_t sum_blocks(const struct profile *profile, enum measure of)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		sum += profile_entry_blocks(&profile->entries[i], of);
	}
	return sum;
}

static void write_check(const struct text_writer *writer)
{
	uint64_t sum = profile_sum_bytes(writer->profile, MEASURE_PEAK);
	uint64_t peak = writer->profile->peak_bytes;
	char text[256];
	if (sum == peak) {
		snprintf(text, sizeof(text), "stacks sum to the peak: yes (%s bytes)",
			 units_count(sum).text);
	} else {
		bool running = writer->profile->outcome.verdict == VERDICT_RUNNING;
		snprintf(text, sizeof(text), "stacks sum to the peak: no (%s bytes, %s %s%s)",
			 units_count(sum).text,
			 units_count(sum > peak ? sum - peak : peak - sum).text,
			 sum > peak ? "too many" : "too few",
			 running ? ": the program went on while they were read" : "");
	}
	write_row(writer, "check", text);
}

static void write_resident(const struct text_writer *writer)
{
	const struct outcome *outcome = &writer->profile->outcome;
	char text[256];
	if (!outcome->max_rss_bytes) {
		return;
	}
	int len = snprintf(text, sizeof(text), "%s at most",
			   units_bytes(outcome->max_rss_bytes).text);
	if (outcome->cgroup_max_usage_bytes) {
		len += snprintf(text + len, sizeof(text) - (size_t)len, "; its cgroup %s",
				units_bytes(outcome->cgroup_max_usage_bytes).text);
	}
	if (outcome->cgroup_limit_bytes) {
		snprintf(text + len, sizeof(text) - (size_t)len, "; limit %s",
			 units_bytes(outcome->cgroup_limit_bytes).text);
	}
	write_row(writer, "resident", text);
}

static const char *end_label(const struct profile *profile)
{
	switch (profile->moment) {
	case MOMENT_NOW:
		return "now";
	case MOMENT_OUT_OF_MEMORY:
		return "out of mem.";
	case MOMENT_IN_ADVANCE:
		return "in advance";
	default:
		return "at the end";
	}
}

static void write_note(void *context, const char *text)
{
	const struct text_writer *writer = context;
	write_row(writer, "note", text);
}

static void write_python(const struct text_writer *writer)
{
	for (uint32_t i = 0; i < writer->profile->process_count; i++) {
		const struct profile_process *process = &writer->profile->processes[i];
		uint32_t version = process->python_version;
		char text[64];
		if (version) {
			snprintf(text, sizeof(text), "%u.%u.%u%s", version >> 24,
				 version >> 16 & 0xff, version >> 8 & 0xff,
				 process->image_flags & IMAGE_FREE_THREADED ? ", free-threaded"
									    : "");
			write_row(writer, "python", text);
		}
	}
}

void text_write_head(const struct text_writer *writer)
{
	const struct profile *profile = writer->profile;
	text_style(writer, STYLE_BOLD);
	fputs("fil-profile ", writer->out);
	escape_text(writer->out, ESCAPE_TERMINAL, text_of(writer, profile->tool_version));
	text_style(writer, STYLE_PLAIN);
	fputs("\n\n", writer->out);
	write_verdict(writer);
	write_outcome_row(writer, "limit", breach_write_limit);
	write_outcome_row(writer, "breach", breach_write);
	write_row(writer, "command", text_of(writer, profile->command));
	write_row(writer, "directory", text_of(writer, profile->directory));
	write_row(writer, "host", text_of(writer, profile->host));
	write_start(writer);
	write_python(writer);
	write_bytes_row(writer, "peak", profile->peak_bytes, "block",
			sum_blocks(profile, MEASURE_PEAK));
	write_bytes_row(writer, end_label(profile), profile->end_bytes, "block",
			profile->end_blocks);
	write_bytes_row(writer, "in all", profile->total_bytes, "allocation",
			profile->total_blocks);
	write_resident(writer);
	write_bytes_row(writer, "profiler", profile->segment_bytes, NULL, 0);
	write_check(writer);
	report_notes(profile, write_note, (void *)writer);
}
