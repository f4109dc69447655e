// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/capture/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_BYTES ((size_t)64 << 10)
/** log2 of the largest window that a frame may ask for: 16 MiB; ours has 2. */
#define WINDOW_LOG_MAX 24

/** Have input to give to zstd: 1, 0 at the end of the file, -1 with errno. */
static int fill(struct inflate *inflate)
{
	if (inflate->left) {
		return 1;
	}
	if (inflate->fd < 0) {
		return 0;
	}
	ssize_t got;
	do {
		got = read(inflate->fd, inflate->buffer, BUFFER_BYTES);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return -1;
	}
	inflate->at = inflate->buffer;
	inflate->left = (size_t)got;
	return got > 0;
}

/** The first bytes are those of a zstd frame, whose magic number RFC 8878 §3.1.1 gives. */
static enum inflate_result begin(struct inflate *inflate)
{
	static const unsigned char magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	inflate->zstd = ZSTD_createDCtx();
	if (!inflate->zstd) {
		errno = ENOMEM;
		return INFLATE_FAILED;
	}
	ZSTD_DCtx_setParameter(inflate->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	int filled = fill(inflate);
	if (filled <= 0) {
		return filled ? INFLATE_FAILED : INFLATE_EMPTY;
	}
	size_t known = inflate->left < sizeof(magic) ? inflate->left : sizeof(magic);
	return memcmp(inflate->at, magic, known) ? INFLATE_FOREIGN : INFLATE_OK;
}

enum inflate_result inflate_init_fd(struct inflate *inflate, int fd)
{
	*inflate = (struct inflate){ .fd = fd, .buffer = malloc(BUFFER_BYTES) };
	return inflate->buffer ? begin(inflate) : INFLATE_FAILED;
}

enum inflate_result inflate_init_memory(struct inflate *inflate, const void *data, size_t len)
{
	*inflate = (struct inflate){ .fd = -1, .at = data, .left = len };
	return begin(inflate);
}

static bool within_bounds(const struct inflate *inflate)
{
	return inflate->out_bytes <= INFLATE_BYTES_MAX
		&& inflate->out_bytes <= INFLATE_BYTES_FREE + inflate->in_bytes * INFLATE_RATIO_MAX;
}

/** One step of zstd into out. */
static enum inflate_result step(struct inflate *inflate, ZSTD_outBuffer *out)
{
	int filled = fill(inflate);
	if (filled < 0) {
		return INFLATE_FAILED;
	}
	ZSTD_inBuffer in = { inflate->at, inflate->left, 0 };
	size_t before = out->pos;
	size_t hint = ZSTD_decompressStream(inflate->zstd, out, &in);
	inflate->at += in.pos;
	inflate->left -= in.pos;
	inflate->in_bytes += in.pos;
	inflate->out_bytes += out->pos - before;
	if (ZSTD_isError(hint)) {
		return INFLATE_DAMAGED;
	}
	inflate->ended = hint == 0;
	if (!within_bounds(inflate)) {
		return INFLATE_TOO_LARGE;
	}
	return !filled && !inflate->ended && out->pos == before ? INFLATE_TRUNCATED : INFLATE_OK;
}

enum inflate_result inflate_read(struct inflate *inflate, void *ret_bytes, size_t len)
{
	ZSTD_outBuffer out = { ret_bytes, len, 0 };
	while (out.pos < out.size) {
		if (inflate->ended) {
			return INFLATE_SHORT;
		}
		enum inflate_result result = step(inflate, &out);
		if (result != INFLATE_OK) {
			return result;
		}
	}
	return INFLATE_OK;
}

enum inflate_result inflate_expect_end(struct inflate *inflate)
{
	char byte;
	while (!inflate->ended) {
		ZSTD_outBuffer out = { &byte, 1, 0 };
		enum inflate_result result = step(inflate, &out);
		if (result != INFLATE_OK) {
			return result;
		}
		if (out.pos) {
			return INFLATE_DAMAGED;
		}
	}
	int filled = fill(inflate);
	return filled < 0 ? INFLATE_FAILED : filled ? INFLATE_DAMAGED : INFLATE_OK;
}

void inflate_done(struct inflate *inflate)
{
	ZSTD_freeDCtx(inflate->zstd);
	free(inflate->buffer);
}
