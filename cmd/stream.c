// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/stream.h"

#include <errno.h>
#include <unistd.h>

int stream_finish(FILE *out, int result)
{
	int error = result == 0 ? 0 : errno ? errno : EIO;

	if (fflush(out) != 0 && !error) {
		error = errno;
	}
	/*
	 * A stream remembers that a write failed, but not why; the writer has gone on since. So the
	 * file, which is not complete in any case, is asked once more.
	 */
	if (ferror(out) && write(fileno(out), "\n", 1) < 0) {
		error = errno;
	} else if (ferror(out) && !error) {
		error = EIO;
	}
	if (fclose(out) != 0 && !error) {
		error = errno;
	}
	return error;
}
