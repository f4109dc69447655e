// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The files of one report. */
#ifndef CMD_RENDER_H
#define CMD_RENDER_H

#include "cmd/result_folder.h"
#include "core/capture/capture.h"
#include "core/profile/profile.h"
#include "core/profile/shown.h"

/** A capture of the moment when an allocation was refused, kept in the folder until the end. */
#define REFUSED_CAPTURE ".refused-allocation.fil"

/** Write a capture under a name. 0, or -1 with errno. */
int render_capture(const struct result_folder *folder, const char *name,
		   const struct profile *profile, enum capture_effort effort);

/** What a picture in advance is called: a capture, and the same as text. */
#define PICTURE_CAPTURE "picture-in-advance.fil"
#define PICTURE_TEXT "picture-in-advance.txt"

/** What all files of a report have in common. */
struct render_options {
	bool with_source;
	/** As in struct report_options. */
	uint64_t budget_bytes;
};

/** Write a picture in advance into the folder. 0, or -1 with errno. */
int render_picture(const struct result_folder *folder, const struct profile *profile,
		   const struct render_options *how);

/**
 * Write all files of a report into the folder; if that does not work, into another one, and say so
 * (folder is replaced). 0, or -1 after having said what is missing.
 */
int render_report(struct result_folder *folder, const struct shown *shown,
		  const struct render_options *how);

#endif
