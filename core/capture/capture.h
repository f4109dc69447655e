// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The capture: a profile in a file, zstd-compressed, readable anywhere and by later versions.
 *
 * Tagged sections, each with its length, element size and checksum; unknown sections are skipped,
 * elements longer than known are read by their known part, shorter ones are zero-extended. The
 * reader trusts nothing: sizes, offsets, counts, parents and string offsets are checked before use.
 */
#ifndef CORE_CAPTURE_CAPTURE_H
#define CORE_CAPTURE_CAPTURE_H

#include "core/profile/profile.h"

/** Why a capture could not be read: a sentence without full stop, naming what and where. */
struct capture_error {
	char message[256];
};

/** How hard a capture is compressed. */
enum capture_effort {
	/** As small as it gets in little time. That takes 6 MB of memory. */
	CAPTURE_SMALL,
	/** In 1.4 MB, for where memory is almost out. */
	CAPTURE_LIGHT,
};

/** Write profile to fd (from its current position). 0, or -1 with errno. */
int capture_write(int fd, const struct profile *profile, enum capture_effort effort);

/** Read a capture. NULL with *ret_error filled; never crashes, loops or takes unbounded memory. */
struct profile *capture_read(int fd, struct capture_error *ret_error);

/** The same from memory, for tests and fuzzers. */
struct profile *capture_read_memory(const void *data, size_t len, struct capture_error *ret_error);

#endif
