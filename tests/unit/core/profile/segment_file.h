// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A segment made by hand: a memfd with wire structs in it, as hooks would leave it. For tests and
 * fuzz drivers of whatever reads segments. Every call writes at once; ends the program if it
 * cannot.
 */
#ifndef TESTS_UNIT_CORE_PROFILE_SEGMENT_FILE_H
#define TESTS_UNIT_CORE_PROFILE_SEGMENT_FILE_H

#include "core/shm/create.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct segment_file {
	int fd;
	struct segment_header header;
	struct slot slot; /* number 0 */
};

static inline void segment_file_write(const struct segment_file *file, uint64_t offset,
				      const void *bytes, size_t len)
{
	if (pwrite(file->fd, bytes, len, (off_t)offset) != (ssize_t)len) {
		perror("segment_file: pwrite");
		exit(1);
	}
}

/** Write the header and slot 0, after their fields have been changed. */
static inline void segment_file_flush(const struct segment_file *file)
{
	segment_file_write(file, 0, &file->header, sizeof(file->header));
	segment_file_write(file, slot_offset(0), &file->slot, sizeof(file->slot));
}

static inline struct segment_file segment_file_new(void)
{
	struct segment_file file = { .fd = memfd_create("segment", MFD_CLOEXEC) };
	struct segment_header *header = &file.header;
	segment_init(header, &file.slot, extent_offset(4096));
	header->slots_used = 1;
	file.slot.state = SLOT_RECORDING;
	file.slot.generation = 1;
	if (file.fd < 0 || ftruncate(file.fd, (off_t)header->size_bytes)) {
		perror("segment_file: memfd");
		exit(1);
	}
	segment_file_flush(&file);
	return file;
}

/**
 * Add units elements to an arena; the first one's number. They may span extents, which are
 * consecutive.
 */
static inline uint32_t segment_file_add(struct segment_file *file, struct arena *arena,
					uint64_t row, const void *bytes, size_t len)
{
	uint64_t first = arena->used;
	uint64_t at = first * arena->element_bytes;
	arena->used += (len + arena->element_bytes - 1) / arena->element_bytes;
	while (len) {
		uint32_t extent;
		uint32_t position = (uint32_t)(at / EXTENT_BYTES);
		if (position >= arena->extents) {
			extent = file->header.next_extent++;
			segment_file_write(file, row + position * 4, &extent, 4);
			arena->extents++;
		} else if (pread(file->fd, &extent, 4, (off_t)(row + position * 4)) != 4) {
			exit(1);
		}
		size_t room = (size_t)(EXTENT_BYTES - at % EXTENT_BYTES);
		size_t part = len < room ? len : room;
		segment_file_write(file, extent_offset(extent) + at % EXTENT_BYTES, bytes, part);
		bytes = (const char *)bytes + part;
		at += part;
		len -= part;
	}
	segment_file_flush(file);
	return (uint32_t)first;
}

static inline uint32_t segment_file_shared(struct segment_file *file, enum shared_arena which,
					   const void *bytes, size_t len)
{
	return segment_file_add(file, &file->header.arena[which], arena_row_offset(which), bytes,
				len);
}

static inline uint32_t segment_file_own(struct segment_file *file, enum slot_arena which,
					const void *bytes, size_t len)
{
	return segment_file_add(file, &file->slot.arena[which], slot_row_offset(0, which), bytes,
				len);
}

static inline uint32_t segment_file_bytes(struct segment_file *file, const void *bytes, size_t len)
{
	struct text *text = calloc(1, sizeof(*text) + len);
	if (!text) {
		exit(1);
	}
	text->len = (uint32_t)len;
	memcpy(text + 1, bytes, len);
	uint32_t number = segment_file_shared(file, ARENA_TEXT, text, sizeof(*text) + len);
	free(text);
	return number;
}

static inline uint32_t segment_file_text(struct segment_file *file, const char *text)
{
	return segment_file_bytes(file, text, strlen(text));
}

static inline uint32_t segment_file_python(struct segment_file *file, const char *filename,
					   const char *qualname, int first_line)
{
	struct code code = {
		.filename = segment_file_text(file, filename),
		.qualname = segment_file_text(file, qualname),
		.first_line = first_line,
		.kind = CODE_PYTHON,
	};
	return segment_file_shared(file, ARENA_CODE, &code, sizeof(code));
}

static inline uint32_t segment_file_label(struct segment_file *file, const char *label)
{
	struct code code = { .qualname = segment_file_text(file, label), .kind = CODE_LABEL };
	return segment_file_shared(file, ARENA_CODE, &code, sizeof(code));
}

/** Machine code whose address is first in its upper half, and node.offset in its lower half. */
static inline uint32_t segment_file_native(struct segment_file *file, const char *path,
					   const char *build_id, uint32_t first,
					   enum native_address kind)
{
	struct code code = {
		.filename = segment_file_text(file, path),
		.qualname = build_id[0] ? segment_file_text(file, build_id) : 0,
		.first_line = (int32_t)first,
		.kind = CODE_NATIVE,
		.variant = (uint16_t)kind,
	};
	return segment_file_shared(file, ARENA_CODE, &code, sizeof(code));
}

/** Who has asked for a mapping. */
static inline uint32_t segment_file_mapper(struct segment_file *file, const char *path,
					   const char *build_id)
{
	struct code code = {
		.filename = segment_file_text(file, path),
		.qualname = segment_file_text(file, build_id),
		.kind = CODE_MAPPER,
	};
	return segment_file_shared(file, ARENA_CODE, &code, sizeof(code));
}

static inline uint32_t segment_file_node(struct segment_file *file, uint32_t parent, uint32_t code,
					 uint32_t place)
{
	struct node node = { .parent = parent, .code = code, .place = place };
	return segment_file_shared(file, ARENA_NODE, &node, sizeof(node));
}

/** Let a node name its entry; one that does not exist names none. */
static inline void segment_file_name_entry(struct segment_file *file, uint32_t node,
					   uint32_t number)
{
	uint32_t extent;
	uint64_t per = EXTENT_BYTES / sizeof(struct node);
	uint64_t row = arena_row_offset(ARENA_NODE);
	if (pread(file->fd, &extent, 4, (off_t)(row + node / per * 4)) != 4 || !node) {
		return;
	}
	uint64_t at = extent_offset(extent) + node % per * sizeof(struct node);
	at += offsetof(struct node, entry);
	if (pwrite(file->fd, &number, 4, (off_t)at) != 4) {
		exit(1);
	}
}

/** An entry whose first blocks are allocated now; the totals follow. */
static inline uint32_t segment_file_entry(struct segment_file *file, uint32_t node, uint64_t bytes,
					  uint64_t blocks)
{
	struct entry entry = {
		.live_bytes = bytes,
		.live_blocks = (uint32_t)blocks,
		.total_bytes = bytes,
		.total_blocks = blocks,
		.snap_epoch = file->header.totals.epoch,
	};
	file->header.totals.live_bytes += bytes;
	file->header.totals.live_blocks += blocks;
	file->header.totals.allocations += blocks;
	uint32_t number = segment_file_shared(file, ARENA_ENTRY, &entry, sizeof(entry));
	segment_file_name_entry(file, node, number);
	return number;
}

/**
 * Take one block of bytes off an entry, as a hook records a free: the first one after the peak
 * starts a new epoch.
 */
static inline void segment_file_free(struct segment_file *file, uint32_t number, uint64_t bytes)
{
	struct totals *totals = &file->header.totals;
	uint32_t extent;
	struct entry entry;
	uint64_t per = EXTENT_BYTES / sizeof(entry);
	uint64_t row = arena_row_offset(ARENA_ENTRY);
	if (pread(file->fd, &extent, 4, (off_t)(row + number / per * 4)) != 4) {
		exit(1);
	}
	uint64_t at = extent_offset(extent) + number % per * sizeof(entry);
	if (pread(file->fd, &entry, sizeof(entry), (off_t)at) != sizeof(entry)) {
		exit(1);
	}
	if (totals->live_bytes > totals->peak_bytes) {
		totals->epoch++;
		totals->peak_bytes = totals->live_bytes;
	}
	if (entry.snap_epoch != totals->epoch) {
		entry.snap_bytes = entry.live_bytes;
		entry.snap_blocks = entry.live_blocks;
		entry.snap_epoch = totals->epoch;
	}
	entry.live_bytes -= bytes;
	entry.live_blocks--;
	totals->live_bytes -= bytes;
	totals->live_blocks--;
	segment_file_write(file, at, &entry, sizeof(entry));
	segment_file_flush(file);
}

static inline void segment_file_thread(struct segment_file *file, uint32_t tid, uint32_t node)
{
	struct thread_record thread = { .tid = tid, .node = node,
					.at_allocation = file->header.totals.allocations };
	segment_file_own(file, ARENA_THREAD, &thread, sizeof(thread));
}

#endif
