// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The file format of speedscope (its repository, src/lib/file-format-spec.ts): one "sampled"
 * profile, a sample per stack, largest first, with its bytes as weight.
 */
#include "core/report/escape.h"
#include "core/report/report.h"
#include "core/report/stack.h"

#include <inttypes.h>
#include <stdlib.h>

static void write_string(FILE *out, const char *text)
{
	fputc('"', out);
	escape_text(out, ESCAPE_JSON, text);
	fputc('"', out);
}

static void write_frame(FILE *out, const struct profile *profile, const struct profile_frame *frame)
{
	const char *file = profile_string(profile, frame->file);
	fputs("{\"name\":", out);
	write_string(out, profile_string(profile, frame->function));
	if (file[0]) {
		fputs(",\"file\":", out);
		write_string(out, file);
	}
	if (frame->line) {
		fprintf(out, ",\"line\":%" PRIu32, frame->line);
	}
	fputc('}', out);
}

static void write_frames(FILE *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_frame(out, profile, &profile->frames[i]);
	}
}

static int write_samples(FILE *out, const struct profile *profile, const uint32_t *sorted,
			 uint32_t count)
{
	struct report_stack stack = { 0 };
	int result = 0;
	for (uint32_t i = 0; i < count && result == 0; i++) {
		result = report_stack_load(&stack, profile, profile->entries[sorted[i]].node);
		fputs(i ? ",\n[" : "\n[", out);
		for (uint32_t k = 0; result == 0 && k < stack.count; k++) {
			fprintf(out, "%s%" PRIu32, k ? "," : "", stack.frames[k]);
		}
		fputc(']', out);
	}
	report_stack_done(&stack);
	return result;
}

static void write_weights(FILE *out, const struct profile *profile, const uint32_t *sorted,
			  uint32_t count, enum measure of)
{
	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "%s%" PRIu64, i ? "," : "",
			profile_entry_bytes(&profile->entries[sorted[i]], of));
	}
}

int report_write_speedscope(FILE *out, const struct profile *profile,
			    const struct report_options *options)
{
	static const char *const names[] = {
		[MEASURE_PEAK] = "memory held at the peak",
		[MEASURE_END] = "memory held at the end",
		[MEASURE_TOTAL] = "memory allocated in the whole run",
	};
	uint32_t count;
	uint32_t *sorted = profile_sorted_entries(profile, options->of, &count);
	if (!sorted) {
		return -1;
	}
	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n\"name\":", out);
	write_string(out, profile_string(profile, profile->command));
	fputs(",\n\"exporter\":\"fil-profile@", out);
	escape_text(out, ESCAPE_JSON, profile_string(profile, profile->tool_version));
	fputs("\",\n\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[", out);
	write_frames(out, profile);
	fprintf(out, "]},\n\"profiles\":[{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"bytes\",",
		names[options->of]);
	fprintf(out, "\"startValue\":0,\"endValue\":%" PRIu64 ",\n\"samples\":[",
		profile_sum_bytes(profile, options->of));
	int result = write_samples(out, profile, sorted, count);
	fputs("],\n\"weights\":[", out);
	write_weights(out, profile, sorted, count, options->of);
	fputs("]}]}\n", out);
	free(sorted);
	return result || ferror(out) ? -1 : 0;
}
