// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/notes.h"

#include "core/base/attributes.h"
#include "core/base/python.h"
#include "core/base/recording.h"
#include "core/report/units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct notes {
	void (*line)(void *context, const char *text);
	void *context;
};

static attr_printf(2, 3) void note(const struct notes *notes, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notes->line(notes->context, text);
}

uint64_t report_missed(const struct profile *profile, unsigned which)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < profile->process_count; i++) {
		sum += profile->processes[i].missed[which];
	}
	return sum;
}

/** True if no hook ever reported in. */
static bool nothing_recorded(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->process_count; i++) {
		if (profile->processes[i].generations) {
			return false;
		}
	}
	return true;
}

static void note_image(const struct notes *notes, const struct profile_process *process)
{
	unsigned major = process->python_version >> 24;
	unsigned minor = process->python_version >> 16 & 0xff;
	if (process->image_flags & IMAGE_OWN_MALLOC) {
		bool is_hidden = process->image_flags & IMAGE_OWN_MMAP;
		note(notes,
		     "process %" PRIu32 " brings its own malloc in its executable: of what it "
		     "allocates through that, %s; linked as a shared library, all is",
		     process->pid,
		     is_hidden ? "nothing is seen" : "only the mappings are seen");
	}
	if (process->image_flags & IMAGE_NEW_NOT_SEEN) {
		note(notes, "in process %" PRIu32 " another allocator serves C++ new by itself: "
			    "what is allocated so is not seen", process->pid);
	}
	if (process->image_flags & IMAGE_NOT_FOLLOWED) {
		note(notes,
		     "process %" PRIu32 " went on as a program that could not be followed: a "
		     "static one, or as another user, or in another root",
		     process->pid);
	}
	if (process->python_state == PYTHON_UNKNOWN) {
		note(notes, "the interpreter of process %" PRIu32 " is Python %u.%u, whose frames "
			    "this version cannot read: no Python stacks",
		     process->pid, major, minor);
	} else if (process->python_state == PYTHON_UNREADABLE) {
		note(notes, "the frames of Python %u.%u in process %" PRIu32 " did not read as "
			    "expected: no Python stacks", major, minor, process->pid);
	}
}

static const char *const missed_text[MISSED_COUNT] = {
	[MISSED_NO_SPACE] = "not recorded, because the profiler's own memory could not grow",
	[MISSED_NESTED] = "not recorded, in signal handlers that interrupted the profiler",
	[MISSED_LOCK] = "not recorded, because the profiler's lock was not to be had in time",
	[MISSED_LOST_FREE] = "counted as live for too long, after a free that was not seen",
	[MISSED_DEPTH] = "recorded with a stack that is cut at the depth limit",
};

static void note_missed(const struct notes *notes, const struct profile *profile)
{
	for (unsigned i = 0; i < MISSED_COUNT; i++) {
		uint64_t count = report_missed(profile, i);
		if (count) {
			note(notes, "%s allocation%s %s", units_count(count).text,
			     count == 1 ? "" : "s", missed_text[i]);
		}
	}
}

static void note_children(const struct notes *notes, const struct outcome *outcome)
{
	char largest[80] = "";
	if (outcome->children_max_rss_bytes) {
		snprintf(largest, sizeof(largest), ", the largest used %s",
			 units_bytes(outcome->children_max_rss_bytes).text);
	}
	if (outcome->children) {
		note(notes, "%s child process%s ran%s, not profiled",
		     units_count(outcome->children).text, outcome->children == 1 ? "" : "es",
		     largest);
	}
	if (outcome->survivors) {
		note(notes, "%" PRIu32 " process%s of it still ran when it ended: it works on in "
			    "the background, not profiled",
		     outcome->survivors, outcome->survivors == 1 ? "" : "es");
	}
}

void report_notes(const struct profile *profile, void (*line)(void *context, const char *text),
		  void *context)
{
	struct notes notes = { line, context };
	const struct outcome *outcome = &profile->outcome;
	if (nothing_recorded(profile)) {
		note(&notes, "nothing was recorded: the hook never reported in; the program is "
			     "statically linked, drops LD_PRELOAD or ended before it began");
	}
	for (uint32_t i = 0; i < profile->process_count; i++) {
		note_image(&notes, &profile->processes[i]);
	}
	note_missed(&notes, profile);
	report_mapped_notes(profile, line, context);
	report_module_notes(profile, line, context);
	note_children(&notes, outcome);
	if (outcome->failed_count && outcome->verdict != VERDICT_ALLOCATION_FAILED) {
		note(&notes, "%s allocation%s refused for lack of memory, the last of %s",
		     units_count(outcome->failed_count).text,
		     outcome->failed_count == 1 ? " was" : "s were",
		     units_bytes(outcome->failed_bytes).text);
	}
	if (profile->repaired_operations) {
		note(&notes, "%s operation%s under way when the program died: counts may be off by "
			     "as many", units_count(profile->repaired_operations).text,
		     profile->repaired_operations == 1 ? " was" : "s were");
	}
}
