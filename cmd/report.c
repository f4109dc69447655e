// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * fil-profile report: a capture, rendered again: anywhere, later, in another form. Or the segment
 * that a run has left, or still writes.
 */
#include "cmd/commands.h"

#include "cmd/render.h"
#include "cmd/say.h"
#include "cmd/stream.h"
#include "cmd/symbols.h"
#include "core/capture/capture.h"
#include "core/host/fd.h"
#include "core/profile/left_segment.h"
#include "core/profile/shown.h"
#include "core/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the report goes: standard output, or a file that appears when it is complete. */
struct sink {
	FILE *out;
	const char *path;
	/* Written first, then renamed; NULL: written directly. */
	char *temporary;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_standard_output(const struct options *options)
{
	return !options->output || strcmp(options->output, "-") == 0;
}

static void write_line(void *out, const char *text)
{
	fprintf(out, "%s\n", text);
}

/* What --fit asks for, alone, and --budget with it. */
static int write_answers(FILE *out, const struct profile *profile,
			 const struct report_options *options)
{
	report_fit(profile, write_line, out);
	return options->budget_bytes ? report_budget(profile, options, write_line, out) : 0;
}

static const struct report_format answers = {
	.name = "fit",
	.extension = ".txt",
	.write = write_answers,
};

/* What --compare asks for. */
static int write_comparison(FILE *out, const struct profile *profile,
			    const struct report_options *options)
{
	report_compare(profile, options->other, write_line, out);
	return 0;
}

static const struct report_format comparison = {
	.name = "compare",
	.extension = ".txt",
	.write = write_comparison,
};

/* As told; else as the name of the file says; else text. */
static const struct report_format *choose_format(const struct options *options)
{
	if (options->compare) {
		return &comparison;
	}
	if (options->fit) {
		return &answers;
	}
	if (options->format) {
		return report_find_format(options->format);
	}
	for (size_t i = 0; !is_standard_output(options) && report_formats[i].name; i++) {
		if (ends_with(options->output, report_formats[i].extension)) {
			return &report_formats[i];
		}
	}
	return report_find_format("text");
}

static enum measure choose_measure(const struct options *options, const struct profile *profile)
{
	if (!options->of) {
		return report_default_measure(profile);
	}
	return strcmp(options->of, "end") == 0	 ? MEASURE_END
	       : strcmp(options->of, "total") == 0 ? MEASURE_TOTAL
						   : MEASURE_PEAK;
}

static bool wants_colour(void)
{
	const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0 &&
	       !(no_colour && *no_colour);
}

static bool is_folder(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* That of the run; where all was killed together the picture that was taken in advance. */
static int open_capture_in(int folder)
{
	int fd = openat(folder, "capture.fil", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0 || errno != ENOENT) {
		return fd;
	}
	return openat(folder, PICTURE_CAPTURE, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* A capture by its name, or by the folder of its run. */
static int open_capture(const char *path)
{
	cleanup_fd int fd = -1;

	if (strcmp(path, "-") == 0) {
		return dup(STDIN_FILENO);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && is_folder(fd)) {
		return open_capture_in(fd);
	}
	return fd_take(&fd);
}

static void explain_open(const char *path, int error)
{
	struct stat status;

	if (error == ENOENT && stat(path, &status) == 0) {
		say_error("there is no capture.fil in the folder %s", path);
		say_error("give the folder of one run, as fil-result/TIME, or a capture");
	} else {
		say_error("cannot open %s: %s", path, strerror(error));
	}
}

/* Is the report to replace what it is made of, of which there is no other copy? */
static bool is_replaced(const struct options *options, int capture_fd)
{
	struct stat capture, output;

	return !is_standard_output(options) && fstat(capture_fd, &capture) == 0 &&
	       S_ISREG(capture.st_mode) && stat(options->output, &output) == 0 &&
	       capture.st_dev == output.st_dev && capture.st_ino == output.st_ino;
}

static struct profile *read_segment(int fd, const char *path, const struct options *options)
{
	struct profile *profile = left_segment_read(fd, "", !options->no_source);

	if (!profile && errno == EPROTO) {
		say_error("%s: a segment of another version of fil-profile, or damaged", path);
	} else if (!profile) {
		say_error("cannot read %s: %s", path, strerror(errno));
	}
	return symbols_name(profile, "", !options->no_source);
}

static struct profile *read_profile(const char *path, const struct options *options)
{
	struct capture_error error = {.message = ""};
	struct profile *profile;
	cleanup_fd int fd = open_capture(path);

	if (fd < 0) {
		explain_open(path, errno);
		return NULL;
	}
	if (is_replaced(options, fd)) {
		say_error("-o %s is the capture itself: it would be lost", options->output);
		say_error("give the report another name");
		return NULL;
	}
	if (left_segment_is_one(fd)) {
		return read_segment(fd, path, options);
	}
	profile = capture_read(fd, &error);
	if (!profile) {
		say_error("%s: %s", path, error.message);
	}
	return profile;
}

/* A file that is there and is not a regular one (a pipe, a device) is written to as it is. */
static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int sink_open(struct sink *sink, const char *path)
{
	cleanup_fd int fd = -1;

	sink->path = path;
	sink->temporary = NULL;
	if (is_special(path)) {
		sink->out = fopen(path, "we");
		return sink->out ? 0 : -1;
	}
	if (asprintf(&sink->temporary, "%s.XXXXXX", path) < 0) {
		return -1;
	}
	/* Made with mode 0600: a report tells a lot about a program. */
	fd = mkostemp(sink->temporary, O_CLOEXEC);
	sink->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!sink->out) {
		free(sink->temporary);
		return -1;
	}
	fd_take(&fd);
	return 0;
}

/* 0, or -1 with errno; a file that is not complete is removed. */
static int sink_close(struct sink *sink, int result)
{
	int error = stream_finish(sink->out, result);

	if (sink->temporary) {
		if (!error && rename(sink->temporary, sink->path) != 0) {
			error = errno;
		}
		if (error) {
			unlink(sink->temporary);
		}
		free(sink->temporary);
	}
	errno = error;
	return error ? -1 : 0;
}

static int write_report(const struct options *options, const struct report_format *format,
			const struct profile *profile, const struct profile *other)
{
	struct report_options how = {
		.of = choose_measure(options, profile),
		.reversed = options->reversed,
		.budget_bytes = options->budget_bytes,
		.with_source = !options->no_source,
		.colour = is_standard_output(options) && wants_colour(),
		.other = other,
	};
	struct sink sink = {.out = stdout, .path = "standard output"};

	if (!is_standard_output(options) && sink_open(&sink, options->output) != 0) {
		say_error("cannot write %s: %s", options->output, strerror(errno));
		return STATUS_OWN_ERROR;
	}
	if (sink_close(&sink, format->write(sink.out, profile, &how)) != 0) {
		say_error("cannot write %s: %s", sink.path, strerror(errno));
		return STATUS_OWN_ERROR;
	}
	return 0;
}

/* The whole profile, or as people read it. */
static int show_report(const struct options *options, const struct report_format *format,
		       const struct profile *profile, const struct profile *other)
{
	struct shown shown;
	int status;

	if (format->has_addresses) {
		return write_report(options, format, profile, other);
	}
	if (shown_init(&shown, profile) != 0) {
		say_error("cannot show what was recorded: %s", strerror(errno));
		return STATUS_OWN_ERROR;
	}
	status = write_report(options, format, &shown.profile, other);
	shown_done(&shown);
	return status;
}

int cmd_report(const struct options *options)
{
	const struct report_format *format = choose_format(options);
	struct profile *profile, *other;
	int status = STATUS_OWN_ERROR;

	if (options->word_count != 1) {
		say_error(options->word_count ? "report takes one capture, not %zu"
					      : "there is no capture to report on",
			  options->word_count);
		say_error("fil-profile report fil-result/TIME/capture.fil");
		return STATUS_OWN_ERROR;
	}
	if (options->fit && options->format) {
		say_error("--fit writes its answer alone, in no other format");
		say_error("leave --format out, or --fit: text and html have the answer, too");
		return STATUS_OWN_ERROR;
	}
	if (options->compare && (options->fit || options->format)) {
		say_error("--compare writes its answer alone, in no other format");
		say_error("leave %s out, or --compare", options->fit ? "--fit" : "--format");
		return STATUS_OWN_ERROR;
	}
	if (format->binary && is_standard_output(options) && isatty(STDOUT_FILENO)) {
		say_error("%s is not for a terminal: use -o FILE%s, or send it into a pipe",
			  format->name, format->extension);
		return STATUS_OWN_ERROR;
	}
	profile = symbols_look_in_folders(read_profile(options->words[0], options), options);
	other = profile && options->compare ? read_profile(options->compare, options) : NULL;
	if (profile && (other || !options->compare)) {
		status = show_report(options, format, profile, other);
	}
	profile_free(other);
	profile_free(profile);
	return status;
}
