// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/codes.h"

#include "core/base/attributes.h"
#include "core/base/hash.h"
#include "core/base/sys.h"

#include <stdbool.h>
#include <stddef.h>

#define FIRST_CAPACITY 1024u

static uint32_t home_of(const struct codes *codes, uintptr_t address)
{
	return (uint32_t)hash_mix(address, 0) & (codes->capacity - 1);
}

/** Position of address, or of the empty slot where it would stand. */
static uint32_t position_of(const struct codes *codes, uintptr_t address)
{
	uint32_t i = home_of(codes, address);
	while (codes->slots[i].address && codes->slots[i].address != address) {
		i = (i + 1) & (codes->capacity - 1);
	}
	return i;
}

const struct code_slot *codes_find(const struct codes *codes, uintptr_t address)
{
	if (!codes->capacity) {
		return NULL;
	}
	const struct code_slot *slot = &codes->slots[position_of(codes, address)];
	return slot->address ? slot : NULL;
}

static bool grow(struct codes *codes)
{
	struct codes larger = { .capacity =
					codes->capacity ? codes->capacity * 2 : FIRST_CAPACITY };
	larger.slots = sys_map_private(larger.capacity * sizeof(struct code_slot));
	if (!larger.slots) {
		return false;
	}
	for (uint32_t i = 0; i < codes->capacity; i++) {
		if (codes->slots[i].address) {
			larger.slots[position_of(&larger, codes->slots[i].address)] =
				codes->slots[i];
		}
	}
	if (codes->slots) {
		sys_munmap(codes->slots, codes->capacity * sizeof(struct code_slot));
	}
	codes->slots = larger.slots;
	codes->capacity = larger.capacity;
	return true;
}

const struct code_slot *codes_add(struct codes *codes, struct code_slot code)
{
	if (codes->count * 2 >= codes->capacity && !grow(codes)) {
		return NULL;
	}
	struct code_slot *slot = &codes->slots[position_of(codes, code.address)];
	codes->count += slot->address == 0;
	*slot = code;
	return slot;
}

void codes_forget(struct codes *codes, uintptr_t address)
{
	codes_renew(codes);
	if (!codes->capacity) {
		return;
	}
	uint32_t mask = codes->capacity - 1;
	uint32_t hole = position_of(codes, address);
	if (!codes->slots[hole].address) {
		return;
	}
	codes->count--;
	/* Shift back whatever would no longer be found past the hole. */
	for (uint32_t i = (hole + 1) & mask; codes->slots[i].address; i = (i + 1) & mask) {
		uint32_t home = home_of(codes, codes->slots[i].address);
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			codes->slots[hole] = codes->slots[i];
			hole = i;
		}
	}
	codes->slots[hole] = (struct code_slot){ 0 };
}

attr_cold void codes_forget_unflagged(struct codes *codes, uintptr_t address)
{
	if (codes_find(codes, address)) {
		codes_forget(codes, address);
	}
}

void codes_clear(struct codes *codes)
{
	codes_renew(codes);
	codes->has_unflagged = 0;
	codes->count = 0;
	for (uint32_t i = 0; i < codes->capacity; i++) {
		codes->slots[i] = (struct code_slot){ 0 };
	}
}
