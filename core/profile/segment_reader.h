// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reads a segment from outside: copies of its arenas, made with pread only.
 *
 * Nothing in the segment is believed: the workload can write anything anywhere in it. Row entries
 * that point outside the file, or twice at one extent, read as absent; so do holes. What a copy
 * takes in memory is bounded by the data that the file really holds.
 */
#ifndef CORE_PROFILE_SEGMENT_READER_H
#define CORE_PROFILE_SEGMENT_READER_H

#include "core/shm/segment.h"

#include <stdbool.h>

struct segment_reader {
	int fd;
	/** Extents that the file has room for. */
	uint32_t extent_count;
	/** As it was when the reader was opened or refreshed. */
	struct segment_header header;
	/** Memory that the file takes, holes left out. */
	uint64_t allocated_bytes;
};

/** A copy of the elements of one arena. Zeroed: of none. */
struct arena_copy {
	/** Content of each extent; NULL: absent. */
	unsigned char **extents;
	uint32_t extent_count;
	uint32_t element_bytes;
	uint32_t per_extent;
	/** Elements are 1 .. used-1. */
	uint64_t used;
};

/**
 * Look at a segment. 0, or -1 with errno: EPROTO if it is none of this version, or what the system
 * said.
 */
int reader_open(struct segment_reader *reader, int fd);

/** Read the header again. */
int reader_refresh(struct segment_reader *reader);

/** The totals as they are now, and those of the scope beside the run (ARENA_SCOPE). */
int reader_totals(const struct segment_reader *reader, struct totals *ret_totals);
int reader_scope_totals(const struct segment_reader *reader, struct totals *ret_totals);

/** Slots in use, at most SLOT_COUNT. */
uint32_t reader_slot_count(const struct segment_reader *reader);

int reader_slot(const struct segment_reader *reader, uint32_t number, struct slot *ret_slot);

/** Copy a shared arena as the header says it is. 0, or -1 with errno; arena_done in any case. */
int reader_copy_shared(const struct segment_reader *reader, enum shared_arena which,
		       struct arena_copy *copy);

/** Copy an arena of a slot, at most its first max_elements. */
int reader_copy_own(const struct segment_reader *reader, uint32_t number, const struct slot *slot,
		    enum slot_arena which, uint64_t max_elements, struct arena_copy *copy);

/** Read len bytes at offset; what lies past the end of the file is zero. 0, or -1 with errno. */
int reader_read(const struct segment_reader *reader, uint64_t offset, void *ret_bytes, size_t len);

/** True if no byte of an extent has been written. Not known counts as written. */
bool reader_is_hole(const struct segment_reader *reader, uint32_t extent);

/** Position in the file of element number k of a shared arena, 0 if it has none. */
uint64_t reader_element_offset(const struct segment_reader *reader, enum shared_arena which,
			       uint64_t k);

/** Element number k, or NULL if there is none. */
const void *arena_element(const struct arena_copy *copy, uint64_t k);

/**
 * Copy len bytes that begin at byte offset of the arena, across its extents. False if any is
 * absent.
 */
bool arena_bytes(const struct arena_copy *copy, uint64_t offset, void *ret_bytes, size_t len);

/**
 * The bytes of text number k of the text arena: malloc'ed, cut at max bytes, with a NUL behind; its
 * length in *ret_len. NULL if there is none (or no memory); number 0 is none.
 */
char *arena_text(const struct arena_copy *texts, uint32_t k, size_t max, size_t *ret_len);

void arena_done(struct arena_copy *copy);

#endif
