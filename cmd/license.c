// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The licences of what is linked into the program, unpacked as they are written. */
#include "cmd/commands.h"

#include "cmd/license_text.h"
#include "cmd/say.h"
#include "cmd/stream.h"

#include <string.h>
#include <stdio.h>
#include <zlib.h>

/* What zlib is to look for: the header of gzip. */
#define WINDOW_OF_GZIP (15 + 16)

/* 0 if all of it was unpacked. */
static int write_unpacked(FILE *out)
{
	unsigned char text[4096];
	z_stream stream = {
		.next_in = (unsigned char *)license_text,
		.avail_in = (unsigned)(license_text_end - license_text),
	};
	int result = inflateInit2(&stream, WINDOW_OF_GZIP);

	while (result == Z_OK) {
		stream.next_out = text;
		stream.avail_out = sizeof(text);
		result = inflate(&stream, Z_NO_FLUSH);
		fwrite(text, 1, sizeof(text) - stream.avail_out, out);
	}
	inflateEnd(&stream);
	return result == Z_STREAM_END ? 0 : -1;
}

int cmd_license(void)
{
	int error = stream_finish(stdout, write_unpacked(stdout));

	if (error) {
		say_error("cannot write the licences: %s", strerror(error));
		return STATUS_OWN_ERROR;
	}
	return 0;
}
