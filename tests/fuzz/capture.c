// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Captures: files that anybody may send. An input is a capture if its first byte is even; else it
 * is the content of one, which is given right checksums and compressed, so that what is behind them
 * is reached. Whatever is accepted must survive every report, and be the same when written again.
 */
#include "core/capture/capture.h"
#include "core/capture/format.h"
#include "core/report/report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/core/profile/sample.h"

#include <zstd.h>

static void write_everything(const struct profile *profile)
{
	FILE *out = fopen("/dev/null", "w");
	for (const struct report_format *format = report_formats; format->name; format++) {
		/* One measure and direction each time: many inputs are better than all options. */
		struct report_options options = {
			.of = profile->entry_count % 3,
			.with_source = true,
			.reversed = profile->frame_count % 2,
		};
		if (format->write(out, profile, &options)) {
			abort();
		}
	}
	fclose(out);
}

static void ignore_line(void *context, const char *text)
{
	(void)context, (void)text;
}

/** What is in a file from its start. */
static uint8_t *read_back(int fd, size_t *ret_len)
{
	off_t len = lseek(fd, 0, SEEK_END);
	uint8_t *bytes = malloc((size_t)len);
	if (!bytes || pread(fd, bytes, (size_t)len, 0) != len) {
		abort();
	}
	*ret_len = (size_t)len;
	return bytes;
}

static void check_rewritten(const struct profile *profile)
{
	struct capture_error error;
	int fd = memfd_create("capture", 0);
	size_t len;
	if (capture_write(fd, profile, CAPTURE_SMALL)) {
		abort();
	}
	uint8_t *bytes = read_back(fd, &len);
	struct profile *again = capture_read_memory(bytes, len, &error);
	if (!again || again->entry_count != profile->entry_count
	    || again->peak_bytes != profile->peak_bytes
	    || profile_sum_bytes(again, MEASURE_TOTAL)
		    != profile_sum_bytes(profile, MEASURE_TOTAL)) {
		abort();
	}
	profile_free(again);
	free(bytes);
	close(fd);
}

static void check_capture(const uint8_t *bytes, size_t len)
{
	struct capture_error error = { "" };
	struct profile *profile = capture_read_memory(bytes, len, &error);
	if (!profile) {
		if (!error.message[0]) {
			abort();
		}
		return;
	}
	write_everything(profile);
	report_summary(profile, ignore_line, NULL);
	check_rewritten(profile);
	profile_free(profile);
}

/** Give the section at *at its right checksum and go past it; false at the end of what is one. */
static bool fix_section(uint8_t *plain, size_t len, size_t *at)
{
	struct wire_section head;
	if (len - *at < sizeof(head) + sizeof(uint64_t)) {
		return false;
	}
	memcpy(&head, plain + *at, sizeof(head));
	size_t room = len - *at - sizeof(head) - sizeof(uint64_t);
	if (!head.element_bytes || head.count > room / head.element_bytes) {
		return false;
	}
	size_t left = head.element_bytes * head.count;
	uint64_t sum = wire_checksum_begin(&head);
	*at += sizeof(head);
	while (left) {
		uint64_t block = wire_block_bytes(head.element_bytes);
		size_t part = left < block ? left : block;
		sum = wire_checksum_block(sum, plain + *at, part);
		*at += part;
		left -= part;
	}
	memcpy(plain + *at, &sum, sizeof(sum));
	*at += sizeof(sum);
	return true;
}

static void check_content(const uint8_t *bytes, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	uint8_t *plain = malloc(len + 1);
	uint8_t *capture = malloc(bound);
	size_t at = sizeof(struct wire_header);
	memcpy(plain, bytes, len);
	while (at < len && fix_section(plain, len, &at)) {
	}
	check_capture(capture, ZSTD_compress(capture, bound, plain, len, 1));
	free(plain);
	free(capture);
}

void fuzz_one(const uint8_t *bytes, size_t len)
{
	if (len == 0 || bytes[0] % 2 == 0) {
		check_capture(bytes, len);
	} else {
		check_content(bytes + 1, len - 1);
	}
}

/** 0, 1: captures; 2, 3: their content. The magic number of zstd is even. */
size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	if (number > 3) {
		return 0;
	}
	struct profile *profile = sample_profile(number % 2 ? VERDICT_EXITED : VERDICT_OOM_LIKELY);
	int fd = memfd_create("capture", 0);
	size_t len;
	if (capture_write(fd, profile, CAPTURE_SMALL)) {
		abort();
	}
	uint8_t *capture = read_back(fd, &len);
	if (number < 2) {
		memcpy(bytes, capture, len);
	} else {
		bytes[0] = 1;
		len = ZSTD_decompress(bytes + 1, FUZZ_MAX_BYTES - 1, capture, len) + 1;
	}
	free(capture);
	close(fd);
	profile_free(profile);
	return len;
}
