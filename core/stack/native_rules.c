// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_rules.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/base/sys.h"

#define FIRST_CAPACITY 4096u
#define CAPACITY_MAX (1u << 18)
#define PROBES 8u

#define KEY_FILLING 1u
#define ADDRESS_BITS 48
#define ADDRESS_MASK (((uint64_t)1 << ADDRESS_BITS) - 1)
/** Above the address: 15 bits of generation and whether it is exact. */
#define GENERATION_MASK 0x7fffu
/**
 * Twice in a round of generation numbers the table is emptied, so that no entry is left when its
 * number comes again, not even one that was added late.
 */
#define EMPTIED_EVERY 0x4000u

bool rule_fits(int64_t cfa, int64_t fp, int64_t ra)
{
	return cfa >= -(1 << 27) && cfa < 1 << 27 && fp >= -(1 << 18) && fp < 1 << 18
		&& ra >= -(1 << 14) && ra < 1 << 14 && (fp & 7) == 0 && (ra & 7) == 0;
}

static size_t table_bytes(uint32_t capacity)
{
	return sizeof(struct rule_table) + capacity * sizeof(struct rule_entry);
}

static uint64_t key_of(uint32_t generation, uintptr_t pc, bool is_exact)
{
	return pc | (uint64_t)(generation & GENERATION_MASK) << ADDRESS_BITS
		| (uint64_t)is_exact << 63;
}

static bool is_of_generation(uint64_t key, uint32_t generation)
{
	return (key >> ADDRESS_BITS & GENERATION_MASK) == (generation & GENERATION_MASK);
}

attr_inline struct rule_entry *entry_at(struct rule_table *table, uintptr_t pc, uint32_t probe)
{
	uint32_t home = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> table->shift);
	return &table->entries[(home + probe) & (table->capacity - 1)];
}

native_rule rules_find(const struct native_rules *rules, uint32_t generation, uintptr_t pc,
		       bool is_exact)
{
	/* Pairs with the CAS in grow. */
	struct rule_table *table = load_acquire(&rules->table);
	uint64_t wanted = key_of(generation, pc, is_exact);
	for (uint32_t probe = 0; table != NULL && probe < PROBES; probe++) {
		const struct rule_entry *entry = entry_at(table, pc, probe);
		/* Pairs with the release store of the key in rules_add. */
		uint64_t key = load_acquire(&entry->key);
		if (likely(key == wanted)) {
			native_rule rule = load_acquire(&entry->rule);
			return likely(load_relaxed(&entry->key) == wanted) ? rule : RULE_NONE;
		}
		if (key == 0) {
			break;
		}
	}
	return RULE_NONE;
}

/** A table twice as large, empty; the old one stays mapped, since others may be reading it. */
static attr_noinline struct rule_table *grow(struct native_rules *rules, struct rule_table *old)
{
	uint32_t capacity = old != NULL ? old->capacity * 2 : FIRST_CAPACITY;
	if (capacity > CAPACITY_MAX) {
		return NULL;
	}
	struct rule_table *table = sys_map_private(table_bytes(capacity));
	if (table == NULL) {
		return NULL;
	}
	table->capacity = capacity;
	table->shift = 64 - (uint32_t)__builtin_ctz(capacity);
	if (!cas_acq_rel(&rules->table, &old, table)) {
		sys_munmap(table, table_bytes(capacity));
		return old;
	}
	return table;
}

/** Take an entry that is empty or of another generation, and fill it; false if there is none. */
static bool fill(struct rule_table *table, uint64_t key, uintptr_t pc, uint32_t generation,
		 native_rule rule)
{
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		struct rule_entry *entry = entry_at(table, pc, probe);
		uint64_t have = load_relaxed(&entry->key);
		if (have == key) {
			return true;
		}
		bool is_free = have == 0
			|| (have != KEY_FILLING && !is_of_generation(have, generation));
		if (is_free && cas_acq_rel(&entry->key, &have, KEY_FILLING)) {
			/* Whoever sees the rule sees, looking again, that the key is gone. */
			barrier_release();
			store_relaxed(&entry->rule, rule);
			/* Pairs with the load of the key in rules_find. */
			store_release(&entry->key, key);
			return true;
		}
	}
	return false;
}

void rules_add(struct native_rules *rules, uint32_t generation, uintptr_t pc, bool is_exact,
	       native_rule rule)
{
	if ((pc & ~ADDRESS_MASK) != 0) {
		return;
	}
	uint64_t key = key_of(generation, pc, is_exact);
	struct rule_table *table = load_acquire(&rules->table);
	if (table == NULL || !fill(table, key, pc, generation, rule)) {
		table = grow(rules, table);
		if (table != NULL) {
			fill(table, key, pc, generation, rule);
		}
	}
}

void rules_forget(struct native_rules *rules)
{
	uint32_t generation = __atomic_add_fetch(&rules->generation, 1, __ATOMIC_ACQ_REL);
	struct rule_table *table = load_acquire(&rules->table);
	if (generation % EMPTIED_EVERY == 0 && table != NULL) {
		for (uint32_t i = 0; i < table->capacity; i++) {
			store_relaxed(&table->entries[i].key, 0);
		}
	}
}
