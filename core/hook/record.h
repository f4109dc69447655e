// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Recording: what the interposed functions tell, and in which order.
 *
 * Order: allocate, then record; record the free, then free. The other way round another thread
 * could be handed the address and be recorded first. Nothing here fails, changes errno or calls the
 * workload's allocator; what cannot be recorded is counted. Any thread, also inside signal
 * handlers.
 */
#ifndef CORE_HOOK_RECORD_H
#define CORE_HOOK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How densely an allocator may place blocks: where the live table starts guessing. */
enum block_kind {
	BLOCK_MALLOC = 5, /* chunks of 32 bytes and more */
	BLOCK_OBJECT = 4, /* pymalloc: 16 bytes and more */
};

/** What record_take took, for record_put_back. */
struct record_block {
	uint64_t bytes;
	uint32_t entry; /* 0: the block was not known */
	uint32_t flags; /* LIVE_* */
};

/**
 * A block of bytes was allocated at p; p NULL: an allocation of bytes was refused. frame is
 * native_frame_here() of the interposed function, or NULL if what has called it is found without.
 */
void record_allocation(void *p, size_t bytes, enum block_kind kind, const uintptr_t *frame);

/** The block at p is about to be freed. Unknown addresses and NULL are ignored. */
void record_free(void *p);

/**
 * Before a realloc: take the block off the books, since its address may be another's before we
 * return.
 */
struct record_block record_take(void *p);

/** The size of the block at p as it is on the books; 0 if it is not known. Not in the fast path. */
uint64_t record_size(void *p);

/** The realloc failed: the block lives on as it was. */
void record_put_back(void *p, struct record_block block, enum block_kind kind);

/** What of a mapping counts. */
enum mapping_kind {
	MAPPING_IDLE,    /* nothing: it cannot be written to */
	MAPPING_COUNTED, /* all of it */
	MAPPING_SPARSE,  /* what is there of it (sparse.h) */
};

/**
 * Address space [start, start+bytes) was mapped. caller, here and below: the instruction that
 * called, for who asked; NULL: not known.
 */
void record_mapping(void *start, size_t bytes, enum mapping_kind kind, const void *caller);

/** [start, start+bytes) is about to be unmapped or replaced. */
void record_unmapping(void *start, size_t bytes);

/**
 * The protection of [start, start+bytes) was changed: known mappings in it become counted or idle.
 */
void record_protection(void *start, size_t bytes, bool counted, const void *caller);

#define MOVING_PIECES 6

/** What record_moving_take took off the books. */
struct record_moving {
	/** Some of it was known, and counted, or sparse. */
	bool is_known;
	bool is_counted;
	bool is_sparse;
	uint32_t count;
	struct {
		uintptr_t start;
		uintptr_t end;
		uint32_t entry;
		uint32_t flags;
	} piece[MOVING_PIECES];
};

/** Before mremap of [old, old+bytes): as with realloc, off the books first. */
void record_moving_take(void *old, size_t bytes, struct record_moving *ret);

/**
 * After it: what was taken is now at p, bytes long, and p's caller holds it; or it stays where it
 * was, if p is NULL. keeps_old: the old mapping remains too, empty (MREMAP_DONTUNMAP).
 */
void record_moving_put(const struct record_moving *moving, void *p, size_t bytes, bool keeps_old,
		       const void *caller);

/** Pages of mappings are about to go: a last look at what is there, if any of them is sparse. */
void record_look(void);

/** A mapping of bytes was refused. */
void record_refused_mapping(size_t bytes);

struct thread;
struct pending;

/* Inside an operation of the thread (nesting.h): what was deferred, and the parts of the above. */
void record_deferred(struct thread *self, struct pending operation);
void record_map(struct thread *self, void *address, size_t bytes, enum mapping_kind kind,
		const void *caller);
void record_unmap(void *address, size_t bytes);

#endif
