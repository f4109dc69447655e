// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The content of a zstd frame, in order, from a descriptor or from memory, without more memory than
 * its compressed size warrants: a file that inflates to much more than captures do is refused.
 */
#ifndef CORE_CAPTURE_INFLATE_H
#define CORE_CAPTURE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an inflated capture may take: a floor, a multiple of what has been read, a ceiling. */
#define INFLATE_BYTES_FREE ((uint64_t)64 << 20)
#define INFLATE_RATIO_MAX 1024u
#define INFLATE_BYTES_MAX ((uint64_t)16 << 30)

enum inflate_result {
	INFLATE_OK = 0,
	INFLATE_EMPTY,	   /* no byte at all */
	INFLATE_FOREIGN,   /* does not begin as a zstd frame */
	INFLATE_TRUNCATED, /* the file ends before the frame does */
	INFLATE_DAMAGED,   /* zstd says no */
	INFLATE_TOO_LARGE, /* past the bounds above */
	INFLATE_SHORT,	   /* the frame is complete, and ends before what was asked for */
	INFLATE_FAILED,	   /* errno */
};

struct inflate {
	int fd; /* or -1: from memory */
	const unsigned char *at;
	size_t left;
	unsigned char *buffer;
	struct ZSTD_DCtx_s *zstd;
	uint64_t in_bytes;
	uint64_t out_bytes;
	/** The frame is complete. */
	bool ended;
};

/** Start. inflate_done in any case. */
enum inflate_result inflate_init_fd(struct inflate *inflate, int fd);
enum inflate_result inflate_init_memory(struct inflate *inflate, const void *data, size_t len);

/** The next len bytes, all of them. */
enum inflate_result inflate_read(struct inflate *inflate, void *ret_bytes, size_t len);

/**
 * That the frame and the file end here. INFLATE_DAMAGED if not, or if the frame's checksum is
 * wrong.
 */
enum inflate_result inflate_expect_end(struct inflate *inflate);

void inflate_done(struct inflate *inflate);

#endif
