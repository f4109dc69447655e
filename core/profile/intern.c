// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/intern.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN 256u
/** More than that many things cannot be numbered: half of the slots that 32 bits count. */
#define THINGS_MAX ((uint32_t)1 << 30)

static bool intern_resize(struct intern_table *table, uint32_t slots)
{
	struct intern_slot *fresh = calloc(slots, sizeof(*fresh));
	if (!fresh) {
		return false;
	}
	uint32_t mask = slots - 1;
	for (uint32_t i = 0; table->slots && i <= table->mask; i++) {
		struct intern_slot slot = table->slots[i];
		if (!slot.number) {
			continue;
		}
		uint32_t at = slot.hash & mask;
		while (fresh[at].number) {
			at = (at + 1) & mask;
		}
		fresh[at] = slot;
	}
	free(table->slots);
	table->slots = fresh;
	table->mask = mask;
	return true;
}

bool intern_reserve(struct intern_table *table)
{
	if (!table->slots) {
		return intern_resize(table, SLOTS_MIN);
	}
	if (table->used < table->mask / 4 * 3) {
		return true;
	}
	if (table->used >= THINGS_MAX) {
		errno = ENOMEM;
		return false;
	}
	return intern_resize(table, (table->mask + 1) * 2);
}

struct intern_slot *intern_find(struct intern_table *table, uint64_t hash,
				bool (*same)(const void *context, uint32_t number, const void *key),
				const void *context, const void *key)
{
	uint32_t at = (uint32_t)hash & table->mask;
	for (;;) {
		struct intern_slot *slot = &table->slots[at];
		if (!slot->number
		    || (slot->hash == (uint32_t)hash && same(context, slot->number - 1, key))) {
			return slot;
		}
		at = (at + 1) & table->mask;
	}
}

void intern_add(struct intern_table *table, struct intern_slot *slot, uint64_t hash,
		uint32_t number)
{
	*slot = (struct intern_slot){ (uint32_t)hash, number + 1 };
	table->used++;
}

void intern_done(struct intern_table *table)
{
	free(table->slots);
	*table = (struct intern_table){ 0 };
}

bool array_reserve(void **array, uint32_t *capacity, uint64_t count, size_t element_bytes)
{
	if (count <= *capacity) {
		return true;
	}
	uint64_t wanted = *capacity ? (uint64_t)*capacity * 2 : 64;
	if (wanted < count) {
		wanted = count;
	}
	if (wanted > UINT32_MAX) {
		errno = ENOMEM;
		return false;
	}
	void *fresh = realloc(*array, wanted * element_bytes);
	if (!fresh) {
		return false;
	}
	*array = fresh;
	*capacity = (uint32_t)wanted;
	return true;
}
