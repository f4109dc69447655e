// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A gzip stream whose blocks are stored, not compressed: for formats that demand the container.
 * Sources: RFC 1952 (gzip), RFC 1951 §3.2.4 (stored blocks).
 */
#ifndef CORE_REPORT_GZIP_H
#define CORE_REPORT_GZIP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Largest stored block. */
#define GZIP_BLOCK_BYTES 65535u

struct gzip {
	FILE *out;
	uint32_t crc;
	uint32_t size; /* modulo 2^32, as the trailer wants it */
	uint32_t used;
	unsigned char block[GZIP_BLOCK_BYTES];
};

/** Write the header. Errors of all three are the stream's: ask ferror. */
void gzip_begin(struct gzip *gzip, FILE *out);
void gzip_write(struct gzip *gzip, const void *bytes, size_t len);
/** Write what is left and the trailer. */
void gzip_end(struct gzip *gzip);

#endif
