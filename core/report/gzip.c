// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/gzip.h"

#include <stdbool.h>
#include <string.h>

/** RFC 1952 §8: the CRC of ISO 3309, bits reversed. A nibble at a time: no large table to make. */
static uint32_t crc_update(uint32_t crc, const unsigned char *bytes, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		crc = table[crc & 15] ^ crc >> 4;
		crc = table[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}

static void write_u32(FILE *out, uint32_t value)
{
	for (int shift = 0; shift < 32; shift += 8) {
		fputc((int)(value >> shift & 0xff), out);
	}
}

/** One stored block: the final bit, then its length and the complement of that. */
static void flush_block(struct gzip *gzip, bool final)
{
	fputc(final, gzip->out);
	write_u32(gzip->out, gzip->used | (~gzip->used & 0xffffu) << 16);
	fwrite(gzip->block, 1, gzip->used, gzip->out);
	gzip->used = 0;
}

void gzip_begin(struct gzip *gzip, FILE *out)
{
	/* Deflate, no flags, no time, no extra flags, Unix. */
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	gzip->out = out;
	gzip->crc = 0;
	gzip->size = 0;
	gzip->used = 0;
	fwrite(header, 1, sizeof(header), out);
}

void gzip_write(struct gzip *gzip, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;
	gzip->crc = crc_update(gzip->crc, from, len);
	gzip->size += (uint32_t)len;
	while (len) {
		size_t room = GZIP_BLOCK_BYTES - gzip->used;
		size_t part = len < room ? len : room;
		memcpy(gzip->block + gzip->used, from, part);
		gzip->used += (uint32_t)part;
		from += part;
		len -= part;
		if (gzip->used == GZIP_BLOCK_BYTES) {
			flush_block(gzip, false);
		}
	}
}

void gzip_end(struct gzip *gzip)
{
	flush_block(gzip, true);
	write_u32(gzip->out, gzip->crc);
	write_u32(gzip->out, gzip->size);
}
