// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/segment_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* lseek(2): the next byte that is not in a hole. Linux's number; not in every libc's headers. */
#ifndef SEEK_DATA
#define SEEK_DATA 3
#endif

static const uint32_t shared_element_bytes[ARENA_SCOPE] = {
	[ARENA_NODE] = sizeof(struct node),
	[ARENA_ENTRY] = sizeof(struct entry),
	[ARENA_CODE] = sizeof(struct code),
	[ARENA_TEXT] = TEXT_UNIT,
};

/** From ARENA_SCOPE on they hold parts of accounts. */
static uint32_t shared_bytes(enum shared_arena which)
{
	return which < ARENA_SCOPE ? shared_element_bytes[which] : (uint32_t)sizeof(struct entry);
}

static const uint32_t own_element_bytes[SLOT_ARENA_COUNT] = {
	[ARENA_SLAB] = sizeof(uint64_t),
	[ARENA_RANGE] = sizeof(struct range),
	[ARENA_THREAD] = sizeof(struct thread_record),
};

int reader_read(const struct segment_reader *reader, uint64_t offset, void *ret_bytes, size_t len)
{
	char *to = ret_bytes;
	while (len) {
		ssize_t got = pread(reader->fd, to, len, (off_t)offset);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			memset(to, 0, len);
			return 0;
		}
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

int reader_refresh(struct segment_reader *reader)
{
	struct segment_header header;
	struct stat status;
	if (fstat(reader->fd, &status) || reader_read(reader, 0, &header, sizeof(header))) {
		return -1;
	}
	uint64_t size = (uint64_t)status.st_size;
	if (header.magic != SEGMENT_MAGIC || header.version != SEGMENT_VERSION
	    || size < SEGMENT_EXTENTS_OFFSET) {
		errno = EPROTO;
		return -1;
	}
	uint64_t extents = (size - SEGMENT_EXTENTS_OFFSET) / EXTENT_BYTES;
	reader->extent_count = extents > UINT32_MAX ? UINT32_MAX : (uint32_t)extents;
	reader->header = header;
	reader->allocated_bytes = (uint64_t)status.st_blocks * 512;
	return 0;
}

int reader_open(struct segment_reader *reader, int fd)
{
	*reader = (struct segment_reader){ .fd = fd };
	return reader_refresh(reader);
}

int reader_totals(const struct segment_reader *reader, struct totals *ret_totals)
{
	return reader_read(reader, offsetof(struct segment_header, totals), ret_totals,
			   sizeof(*ret_totals));
}

int reader_scope_totals(const struct segment_reader *reader, struct totals *ret_totals)
{
	return reader_read(reader, offsetof(struct segment_header, scope_totals), ret_totals,
			   sizeof(*ret_totals));
}

uint32_t reader_slot_count(const struct segment_reader *reader)
{
	uint32_t used = reader->header.slots_used;
	return used < SLOT_COUNT ? used : SLOT_COUNT;
}

int reader_slot(const struct segment_reader *reader, uint32_t number, struct slot *ret_slot)
{
	return reader_read(reader, slot_offset(number), ret_slot, sizeof(*ret_slot));
}

bool reader_is_hole(const struct segment_reader *reader, uint32_t extent)
{
	off_t start = (off_t)extent_offset(extent);
	off_t data = lseek(reader->fd, start, SEEK_DATA);
	if (data < 0) {
		return errno == ENXIO;
	}
	return data >= start + (off_t)EXTENT_BYTES;
}

/** One bit for each extent of the file: false if it was taken before. */
static bool claim(unsigned char *claimed, uint32_t extent)
{
	unsigned char bit = (unsigned char)(1u << (extent & 7));
	if (claimed[extent >> 3] & bit) {
		return false;
	}
	claimed[extent >> 3] |= bit;
	return true;
}

/** Read the extents that the row names. */
static int copy_extents(const struct segment_reader *reader, const uint32_t *row,
			unsigned char *claimed, struct arena_copy *copy)
{
	for (uint32_t i = 0; i < copy->extent_count; i++) {
		if (row[i] >= reader->extent_count || !claim(claimed, row[i])
		    || reader_is_hole(reader, row[i])) {
			continue;
		}
		copy->extents[i] = malloc(EXTENT_BYTES);
		if (!copy->extents[i]
		    || reader_read(reader, extent_offset(row[i]), copy->extents[i], EXTENT_BYTES)) {
			return -1;
		}
	}
	return 0;
}

/**
 * End the arena with its last extent that is there: a damaged length is no reason to count to it.
 */
static void trim(struct arena_copy *copy)
{
	uint64_t extents = copy->extent_count;
	while (extents && !copy->extents[extents - 1]) {
		extents--;
	}
	uint64_t held = extents * copy->per_extent;
	copy->used = copy->used < held ? copy->used : held;
}

static int copy_arena(const struct segment_reader *reader, const struct arena *arena,
		      uint64_t row_offset, uint32_t element_bytes, uint64_t max_elements,
		      struct arena_copy *copy)
{
	uint64_t per_extent = EXTENT_BYTES / element_bytes;
	uint64_t extents = arena->extents < ARENA_EXTENTS_MAX ? arena->extents : ARENA_EXTENTS_MAX;
	uint64_t used = arena->used < max_elements ? arena->used : max_elements;
	if (used > extents * per_extent) {
		used = extents * per_extent;
	}
	extents = (used + per_extent - 1) / per_extent;
	*copy = (struct arena_copy){ .element_bytes = element_bytes,
				     .per_extent = (uint32_t)per_extent, .used = used };
	if (!extents) {
		return 0;
	}
	int result = -1;
	uint32_t *row = malloc(extents * sizeof(*row));
	unsigned char *claimed = calloc(reader->extent_count / 8 + 1, 1);
	copy->extents = calloc(extents, sizeof(*copy->extents));
	if (row && claimed && copy->extents
	    && reader_read(reader, row_offset, row, extents * sizeof(*row)) == 0) {
		copy->extent_count = (uint32_t)extents;
		result = copy_extents(reader, row, claimed, copy);
		trim(copy);
	}
	free(row);
	free(claimed);
	return result;
}

int reader_copy_shared(const struct segment_reader *reader, enum shared_arena which,
		       struct arena_copy *copy)
{
	return copy_arena(reader, &reader->header.arena[which], arena_row_offset(which),
			  shared_bytes(which), UINT64_MAX, copy);
}

int reader_copy_own(const struct segment_reader *reader, uint32_t number, const struct slot *slot,
		    enum slot_arena which, uint64_t max_elements, struct arena_copy *copy)
{
	return copy_arena(reader, &slot->arena[which], slot_row_offset(number, which),
			  own_element_bytes[which], max_elements, copy);
}

uint64_t reader_element_offset(const struct segment_reader *reader, enum shared_arena which,
			       uint64_t k)
{
	uint64_t per_extent = EXTENT_BYTES / shared_bytes(which);
	uint64_t position = k / per_extent;
	uint32_t extent;
	if (position >= reader->header.arena[which].extents || position >= ARENA_EXTENTS_MAX
	    || reader_read(reader, arena_row_offset(which) + position * sizeof(extent), &extent,
			   sizeof(extent))
	    || extent >= reader->extent_count) {
		return 0;
	}
	return extent_offset(extent) + k % per_extent * shared_bytes(which);
}

const void *arena_element(const struct arena_copy *copy, uint64_t k)
{
	if (k == 0 || k >= copy->used) {
		return NULL;
	}
	/* In 32 bits, in which a division takes half the time; the largest arena has 2^29. */
	uint32_t number = (uint32_t)k;
	uint32_t extent = number / copy->per_extent;
	const unsigned char *elements = copy->extents[extent];
	return elements ? elements + (number - extent * copy->per_extent) * copy->element_bytes
			: NULL;
}

bool arena_bytes(const struct arena_copy *copy, uint64_t offset, void *ret_bytes, size_t len)
{
	char *to = ret_bytes;
	uint64_t size = copy->used * copy->element_bytes;
	if (offset > size || len > size - offset) {
		return false;
	}
	while (len) {
		const unsigned char *extent = copy->extents[offset / EXTENT_BYTES];
		uint64_t at = offset % EXTENT_BYTES;
		size_t part = len < EXTENT_BYTES - at ? len : (size_t)(EXTENT_BYTES - at);
		if (!extent) {
			return false;
		}
		memcpy(to, extent + at, part);
		to += part;
		offset += part;
		len -= part;
	}
	return true;
}

char *arena_text(const struct arena_copy *texts, uint32_t k, size_t max, size_t *ret_len)
{
	struct text head;
	uint64_t at = (uint64_t)k * TEXT_UNIT;
	if (k == 0 || !arena_bytes(texts, at, &head, sizeof(head))) {
		return NULL;
	}
	size_t len = head.len < max ? head.len : max;
	char *bytes = NULL;
	/* Asked for only if it is there: a length out of a damaged head is not allocated. */
	if (len <= texts->used * TEXT_UNIT - at - sizeof(head)) {
		bytes = malloc(len + 1);
	}
	if (!bytes || !arena_bytes(texts, at + sizeof(head), bytes, len)) {
		free(bytes);
		return NULL;
	}
	bytes[len] = '\0';
	*ret_len = len;
	return bytes;
}

void arena_done(struct arena_copy *copy)
{
	for (uint32_t i = 0; i < copy->extent_count; i++) {
		free(copy->extents[i]);
	}
	free(copy->extents);
	*copy = (struct arena_copy){ 0 };
}
