// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Segments that the workload has written over. An input is a list of changes to a good segment:
 * where (one byte), offset there (four), how many bytes (one), the bytes. Its first byte says
 * whether the workload still runs.
 */
#include "core/profile/collect.h"
#include "core/profile/left_segment.h"
#include "core/report/report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/core/profile/sample.h"

struct area {
	uint64_t start;
	uint64_t bytes;
};

/** The parts of sample_segment that something reads; its arenas take the first extents. */
static const struct area areas[] = {
	{ 0, sizeof(struct segment_header) },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_NODE * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_ENTRY * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_CODE * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_TEXT * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_SCOPE * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_DIRECTORY_OFFSET + ARENA_LEDGER * DIRECTORY_ROW_BYTES, 16 },
	{ RUN_INFO_OFFSET, offsetof(struct run_info, samples) },
	{ RUN_INFO_OFFSET + offsetof(struct run_info, samples), 512 },
	{ RUN_INFO_OFFSET + offsetof(struct run_info, text), 64 },
	{ SEGMENT_SLOTS_OFFSET, sizeof(struct slot) },
	{ SEGMENT_SLOTS_OFFSET + SLOT_DIRECTORY_OFFSET + ARENA_THREAD * DIRECTORY_ROW_BYTES, 16 },
	{ SEGMENT_SLOTS_OFFSET + SLOT_REGIONS_OFFSET, 64 },
	{ SEGMENT_EXTENTS_OFFSET, 1024 },
	{ SEGMENT_EXTENTS_OFFSET + EXTENT_BYTES, 1024 },
	{ SEGMENT_EXTENTS_OFFSET + 2 * EXTENT_BYTES, 512 },
	{ SEGMENT_EXTENTS_OFFSET + 3 * EXTENT_BYTES, 512 },
	{ SEGMENT_EXTENTS_OFFSET + 4 * EXTENT_BYTES, 512 },
	{ SEGMENT_EXTENTS_OFFSET + 5 * EXTENT_BYTES, 512 },
};

#define AREAS (sizeof(areas) / sizeof(areas[0]))
#define CHANGE_HEAD_BYTES 6
#define CHANGE_BYTES_MAX 64u

static void change(const struct segment_file *file, const uint8_t *bytes, size_t len)
{
	while (len > CHANGE_HEAD_BYTES) {
		const struct area *area = &areas[bytes[0] % AREAS];
		uint32_t offset;
		memcpy(&offset, bytes + 1, sizeof(offset));
		size_t part = bytes[5] % CHANGE_BYTES_MAX;
		bytes += CHANGE_HEAD_BYTES;
		len -= CHANGE_HEAD_BYTES;
		part = part < len ? part : len;
		segment_file_write(file, area->start + offset % area->bytes, bytes, part);
		bytes += part;
		len -= part;
	}
}

/** A thread keeps some of the accounts in a ledger, and is in the middle of an operation. */
static void add_ledger(struct segment_file *file)
{
	struct entry entry = { .live_bytes = 8, .total_bytes = 8, .total_blocks = 1 };
	uint32_t k = segment_file_shared(file, ARENA_LEDGER, &entry, sizeof(entry));
	struct ledger *ledger = &file->header.ledger[0];
	ledger->is_open = 1;
	ledger->totals = (struct totals){ .live_bytes = LEDGER_NOTHING + 8, .epoch = 1 };
	ledger->intent = (struct intent){ .op = INTENT_ADD, .entry = k, .bytes = 8 };
	segment_file_flush(file);
}

/** The segment as it was made, before any change: one for all inputs. */
static const struct segment_file *fresh_segment(void)
{
	static struct segment_file file = { .fd = -1 };
	static uint8_t kept[AREAS][4096 + CHANGE_BYTES_MAX];
	bool first = file.fd < 0;
	if (first) {
		file = sample_segment();
		add_ledger(&file);
	}
	for (size_t i = 0; i < AREAS; i++) {
		size_t len = areas[i].bytes + CHANGE_BYTES_MAX;
		if (len > sizeof(kept[i])) {
			abort();
		}
		if (!first) {
			segment_file_write(&file, areas[i].start, kept[i], len);
		} else if (pread(file.fd, kept[i], len, (off_t)areas[i].start) != (ssize_t)len) {
			abort();
		}
	}
	return &file;
}

static void check_profile(const struct profile *profile)
{
	FILE *out = fopen("/dev/null", "w");
	struct report_options options = { .of = MEASURE_PEAK, .with_source = true };
	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		if (node->parent >= i || node->frame >= profile->frame_count) {
			abort();
		}
	}
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		if (profile->entries[i].node >= profile->node_count || !profile->entries[i].node) {
			abort();
		}
	}
	if (report_write_text(out, profile, &options)
	    || report_write_folded(out, profile, &options)) {
		abort();
	}
	fclose(out);
}

/** The same segment as a file that nobody's supervisor tells anything about. */
static void check_left(const struct segment_file *file)
{
	struct profile *profile = left_segment_read(file->fd, "/nonexistent", true);
	if (!profile) {
		return;
	}
	for (uint32_t i = 1; i < profile->sample_count; i++) {
		if (profile->samples[i].time_ms <= profile->samples[i - 1].time_ms) {
			abort();
		}
	}
	if ((unsigned)profile->outcome.verdict >= VERDICT_COUNT) {
		abort();
	}
	check_profile(profile);
	profile_free(profile);
}

void fuzz_one(const uint8_t *bytes, size_t len)
{
	const struct segment_file *file = fresh_segment();
	bool running = len && bytes[0] & 1;
	if (len) {
		change(file, bytes + 1, len - 1);
	}
	/* The supervisor may have seen what a damaged table says. */
	static const struct sparse_mapping seen[] = {
		{ .touched_bytes = 1 << 20, .entry = 1 },
		{ .end = 1, .touched_bytes = 1 << 20, .entry = 2 },
	};
	struct collect_request request = {
		.segment_fd = file->fd,
		.touched = seen,
		.touched_count = 2,
		.outcome = { .verdict = running ? VERDICT_RUNNING : VERDICT_SIGNALED },
		.directory = "/nonexistent",
		.with_source = true,
		.code_text = "pass\n",
	};
	struct profile *profile = profile_collect(&request);
	if (profile) {
		check_profile(profile);
	}
	profile_free(profile);
	check_left(file);
	segment_verify(file->fd, NULL);
}

/** Changes of nothing, one in each area. */
size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	if (number >= 2 * AREAS) {
		return 0;
	}
	uint8_t seed[] = { number & 1, number / 2, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	memcpy(bytes, seed, sizeof(seed));
	return sizeof(seed);
}
