// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The head of the page: how it ended, the numbers that matter, and the facts about the run. */

#include "core/report/html_parts.h"

#include "core/report/breach.h"
#include "core/report/escape.h"
#include "core/report/svg.h"
#include "core/report/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How alarming the end is: the class of the verdict. */
static const char *verdict_class(const struct outcome *outcome)
{
	switch (outcome->verdict) {
	case VERDICT_RUNNING:
		return "running";
	case VERDICT_PART:
		return "well";
	case VERDICT_EXITED:
		return outcome->exit_status == 0 ? "well" : "warned";
	case VERDICT_UNKNOWN:
		return "warned";
	default:
		return "bad";
	}
}

static void write_verdict(FILE *out, const struct profile *profile)
{
	char *sentence = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&sentence, &len);
	if (!memory) {
		return;
	}
	report_verdict_sentence(memory, profile);
	fclose(memory);
	fprintf(out, "<p class=\"verdict %s\" id=\"verdict\">", verdict_class(&profile->outcome));
	if (sentence && len > 0) {
		sentence[0] = (char)toupper((unsigned char)sentence[0]);
		escape_text(out, ESCAPE_MARKUP, sentence);
	}
	fputs("</p>\n", out);
	free(sentence);
}

/* What is told of a ceiling, as a paragraph that begins in bold; nothing if there is nothing. */
static void write_breach_line(FILE *out, const struct outcome *outcome, const char *name,
			      void (*write)(FILE *out, const struct outcome *outcome))
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	if (memory) {
		write(memory, outcome);
		fclose(memory);
	}
	if (text && len > 0) {
		fprintf(out, "<p class=\"breach\"><b>%s:</b> ", name);
		escape_text(out, ESCAPE_MARKUP, text);
		fputs("</p>\n", out);
	}
	free(text);
}

static void write_tile(FILE *out, const char *class, const char *name, struct units_text number,
		       const char *more)
{
	fprintf(out,
		"<div class=\"tile%s\"><dt>%s</dt><dd>%s</dd>"
		"<dd class=\"more\">%s</dd></div>\n",
		class, name, number.text, more);
}

static void write_exact(char *text, size_t size, uint64_t bytes, uint64_t blocks)
{
	snprintf(text, size, "%s bytes in %s block%s", units_count(bytes).text,
		 units_count(blocks).text, blocks == 1 ? "" : "s");
}

static void write_memory_tiles(FILE *out, const struct profile *profile, enum measure shown)
{
	char more[128];
	uint64_t peak_blocks = 0;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		peak_blocks += profile->entries[i].peak_blocks;
	}
	write_exact(more, sizeof(more), profile->peak_bytes, peak_blocks);
	write_tile(out, shown == MEASURE_PEAK ? " big" : "",
		   svg_measure_title(profile, MEASURE_PEAK), units_bytes(profile->peak_bytes),
		   more);
	write_exact(more, sizeof(more), profile->end_bytes, profile->end_blocks);
	write_tile(out, shown == MEASURE_END ? " big" : "", svg_measure_title(profile, MEASURE_END),
		   units_bytes(profile->end_bytes), more);
	snprintf(more, sizeof(more), "in %s allocation%s", units_count(profile->total_blocks).text,
		 profile->total_blocks == 1 ? "" : "s");
	write_tile(out, "", "Allocated during the run", units_bytes(profile->total_bytes), more);
}

static void write_tiles(FILE *out, const struct profile *profile, enum measure shown)
{
	const struct outcome *outcome = &profile->outcome;
	char more[128] = "of the process, at its highest";
	fputs("<dl class=\"tiles\">\n", out);
	write_memory_tiles(out, profile, shown);
	if (outcome->max_rss_bytes) {
		write_tile(out, "", "Resident memory", units_bytes(outcome->max_rss_bytes), more);
	}
	uint64_t cpu = (uint64_t)outcome->cpu_user_ms + (uint64_t)outcome->cpu_system_ms;
	snprintf(more, sizeof(more), "%s of CPU time", units_duration(cpu).text);
	write_tile(out, "", "Time", units_duration((uint64_t)outcome->duration_ms), more);
	fputs("</dl>\n", out);
}

static void write_start(FILE *out, const struct profile *profile)
{
	time_t seconds = (time_t)(profile->outcome.start_unix_ms / 1000);
	struct tm utc;
	char shown[40], exact[40];
	if (profile->outcome.start_unix_ms <= 0 || !gmtime_r(&seconds, &utc)) {
		return;
	}
	strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S UTC", &utc);
	strftime(exact, sizeof(exact), "%Y-%m-%dT%H:%M:%SZ", &utc);
	fprintf(out, "<div><dt>Started</dt><dd><time datetime=\"%s\">%s</time></dd></div>\n", exact,
		shown);
}

static void write_text_fact(FILE *out, const char *name, const char *text)
{
	if (text[0]) {
		fprintf(out, "<div><dt>%s</dt><dd>", name);
		escape_text(out, ESCAPE_MARKUP, text);
		fputs("</dd></div>\n", out);
	}
}

static void write_bytes_fact(FILE *out, const char *name, uint64_t bytes)
{
	if (bytes) {
		fprintf(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, units_bytes(bytes).text);
	}
}

static void write_process_facts(FILE *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->process_count && i < 16; i++) {
		const struct profile_process *process = &profile->processes[i];
		unsigned version = process->python_version;
		fputs("<div><dt>Process</dt><dd>", out);
		escape_end(out, ESCAPE_MARKUP, profile_string(profile, process->executable), 120);
		fprintf(out, " (%u", process->pid);
		if (version) {
			fprintf(out, ", Python %u.%u.%u", version >> 24, version >> 16 & 0xff,
				version >> 8 & 0xff);
		}
		fputs(")</dd></div>\n", out);
	}
}

static void write_facts(FILE *out, const struct profile *profile)
{
	const struct outcome *outcome = &profile->outcome;
	fputs("<dl class=\"facts\">\n", out);
	write_text_fact(out, "Directory", profile_string(profile, profile->directory));
	write_process_facts(out, profile);
	write_start(out, profile);
	write_text_fact(out, "Machine", profile_string(profile, profile->host));
	write_bytes_fact(out, "RAM", outcome->machine_ram_bytes);
	write_bytes_fact(out, "Container limit", outcome->cgroup_limit_bytes);
	write_bytes_fact(out, "Container\xe2\x80\x99s highest use",
			 outcome->cgroup_max_usage_bytes);
	fputs("</dl>\n", out);
}

void html_write_head(FILE *out, const struct profile *profile, const struct report_options *options)
{
	const char *command = profile_string(profile, profile->command);
	fputs("<header>\n", out);
	if (command[0]) {
		fputs("<p class=\"brand\">Memory profile</p>\n<h1 class=\"command\">", out);
		escape_start(out, ESCAPE_MARKUP, command, 2000);
		fputs("</h1>\n", out);
	} else {
		fputs("<h1>Memory profile</h1>\n", out);
	}
	write_verdict(out, profile);
	write_breach_line(out, &profile->outcome, "Limit", breach_write_limit);
	write_breach_line(out, &profile->outcome, "Breach", breach_write);
	write_tiles(out, profile, options->of);
	write_facts(out, profile);
	fputs("</header>\n", out);
}
