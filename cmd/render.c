// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/render.h"

#include "cmd/say.h"
#include "core/base/attributes.h"
#include "core/capture/capture.h"
#include "core/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * What a run leaves, the most valuable first: should the disk fill up or time run out, the capture
 * can be rendered again.
 */
struct report_file {
	const char *name;
	/* The name if the workload ran out of memory. */
	const char *oom_name;
	const char *format;
	bool reversed;
};

static const struct report_file report_files[] = {
	{"peak-memory.txt", "out-of-memory.txt", "text", false},
	{"peak-memory.prof", "out-of-memory.prof", "folded", false},
	{"peak-memory.svg", "out-of-memory.svg", "svg", false},
	{"peak-memory-reversed.svg", "out-of-memory-reversed.svg", "svg", true},
	{"index.html", "index.html", "html", false},
};

static const char *file_name(const struct report_file *which, const struct profile *profile)
{
	return report_default_measure(profile) == MEASURE_END ? which->oom_name : which->name;
}

int render_capture(const struct result_folder *folder, const char *name,
		   const struct profile *profile, enum capture_effort effort)
{
	struct result_file file;

	if (result_file_open(&file, folder, name) != 0) {
		return -1;
	}
	return result_file_close(&file, capture_write(fileno(file.out), profile, effort));
}

static int render_file(const struct result_folder *folder, const char *name,
		       const struct report_file *which, const struct profile *profile,
		       const struct render_options *how)
{
	const struct report_format *format = report_find_format(which->format);
	struct report_options options = {
		.of = report_default_measure(profile),
		.reversed = which->reversed,
		.with_source = how->with_source,
		.budget_bytes = how->budget_bytes,
		/* The capture has all of them. */
		.in_brief = true,
	};
	struct result_file file;

	if (result_file_open(&file, folder, name) != 0) {
		return -1;
	}
	return result_file_close(&file, format->write(file.out, profile, &options));
}

int render_picture(const struct result_folder *folder, const struct profile *profile,
		   const struct render_options *how)
{
	static const struct report_file text = {PICTURE_TEXT, PICTURE_TEXT, "text", false};

	return render_capture(folder, PICTURE_CAPTURE, profile, CAPTURE_LIGHT) != 0
		? -1
		: render_file(folder, PICTURE_TEXT, &text, profile, how);
}

/* 0, or -1 with *ret_name the file that could not be written, and errno. */
static int render_all(const struct result_folder *folder, const struct shown *shown,
		      const struct render_options *how, const char **ret_name)
{
	int result = render_capture(folder, "capture.fil", shown->whole, CAPTURE_SMALL);
	int error = errno;
	const struct profile *profile = &shown->profile;

	*ret_name = "capture.fil";
	for (size_t i = 0; i < countof(report_files); i++) {
		const char *name = file_name(&report_files[i], profile);
		if (render_file(folder, name, &report_files[i], profile, how) != 0) {
			error = errno;
			*ret_name = name;
			result = -1;
		}
	}
	errno = error;
	return result;
}

/* Write everything into the folder as it is. 0, or an errno after having said what is wrong. */
static int try_folder(const struct result_folder *folder, const struct shown *shown,
		      const struct render_options *how)
{
	const char *name;
	int error;

	if (result_folder_is_gone(folder)) {
		say_error("%s was removed while the program ran", folder->path);
		return ENOENT;
	}
	if (render_all(folder, shown, how, &name) == 0) {
		return 0;
	}
	error = errno;
	say_error("cannot write %s/%s: %s", folder->path, name, strerror(error));
	return error;
}

int render_report(struct result_folder *folder, const struct shown *shown,
		  const struct render_options *how)
{
	int error = try_folder(folder, shown, how);

	if (error == 0 || error == ENOMEM) {
		return error ? -1 : 0;
	}
	if (result_folder_replace(folder, shown->whole->outcome.start_unix_ms) != 0) {
		say_error("nor is there another place for the report: %s", strerror(errno));
		return -1;
	}
	say_error("the report goes into %s instead", folder->path);
	return try_folder(folder, shown, how) ? -1 : 0;
}
