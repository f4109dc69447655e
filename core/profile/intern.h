// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Numbers of things in an array, found by what they are: open addressing over u32 numbers, with the
 * comparison left to the caller, so that the things lie in the caller's own array.
 */
#ifndef CORE_PROFILE_INTERN_H
#define CORE_PROFILE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern_slot {
	uint32_t hash;
	uint32_t number; /* of the thing, + 1; 0: free */
};

/** Zeroed: empty. */
struct intern_table {
	struct intern_slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t used;
};

/**
 * Make room for one more. False with errno ENOMEM. Call before intern_find if it may end in
 * intern_add.
 */
bool intern_reserve(struct intern_table *table);

/**
 * The slot of the thing with that hash for which same(context, number, key) holds, or the free slot
 * where it belongs. The table must have been reserved once.
 */
struct intern_slot *intern_find(struct intern_table *table, uint64_t hash,
				bool (*same)(const void *context, uint32_t number, const void *key),
				const void *context, const void *key);

/** Put a thing into the free slot that intern_find returned. */
void intern_add(struct intern_table *table, struct intern_slot *slot, uint64_t hash,
		uint32_t number);

void intern_done(struct intern_table *table);

/**
 * Make room for count elements in *array, doubling it. False with errno ENOMEM, and nothing
 * changed. New elements are not initialised.
 */
bool array_reserve(void **array, uint32_t *capacity, uint64_t count, size_t element_bytes);

#endif
