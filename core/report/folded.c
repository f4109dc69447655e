// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Collapsed stacks, as Fil writes its .prof files and as flamegraph.pl, inferno and speedscope read
 * them: a line per stack, largest first,
 *
 *     file:line (function);file:line (function) bytes
 *
 * outermost frame first; a label stands for itself. Names that would break the line are escaped:
 * ";", controls, and bytes that are not UTF-8 become \xNN, and so does a backslash before an "x"
 * (\x5c), so that reading \xNN as that byte gives back every name.
 */
#include "core/report/escape.h"
#include "core/report/report.h"
#include "core/report/stack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
	fprintf(out, ":%" PRIu32 " (", frame->line);
	write_name(out, profile_string(profile, frame->function));
	fputc(')', out);
}

static void write_stack(FILE *out, const struct profile *profile, const struct report_stack *stack)
{
	if (!stack->count) {
		fputs("[No Python stack]", out);
	}
	for (uint32_t i = 0; i < stack->count; i++) {
		fputs(i ? ";" : "", out);
		write_frame(out, profile, &profile->frames[stack->frames[i]]);
	}
}

int report_write_folded(FILE *out, const struct profile *profile,
			const struct report_options *options)
{
	uint32_t count;
	uint32_t *sorted = profile_sorted_entries(profile, options->of, &count);
	struct report_stack stack = { 0 };
	int result = sorted ? 0 : -1;
	for (uint32_t i = 0; result == 0 && i < count; i++) {
		const struct profile_entry *entry = &profile->entries[sorted[i]];
		result = report_stack_load(&stack, profile, entry->node);
		if (result == 0) {
			write_stack(out, profile, &stack);
			fprintf(out, " %" PRIu64 "\n", profile_entry_bytes(entry, options->of));
		}
		result = result || ferror(out) ? -1 : 0;
	}
	report_stack_done(&stack);
	free(sorted);
	return result;
}
