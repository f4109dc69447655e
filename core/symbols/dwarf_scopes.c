// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/dwarf_scopes.h"

#include "core/symbols/grow.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

/** Bounds for damaged files: entries of a unit, entries in entries, ranges of a function. */
#define ENTRIES_MAX 20000000u
#define NESTING_MAX 200u
#define RANGES_MAX 100000u

struct walk {
	const uint64_t *addresses;
	size_t count;
	struct dwarf_scopes *scopes;
	uint32_t entries;
	/**
	 * Where the last entry was. Entries are visited in the order of the file, so a link that
	 * leads back is damage, and would be followed forever.
	 */
	Dwarf_Off last;
};

/** The number of addresses below a limit. */
static size_t count_below(const struct walk *walk, uint64_t limit)
{
	size_t low = 0, high = walk->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (walk->addresses[middle] < limit) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static void add(struct dwarf_scopes *scopes, const Dwarf_Die *die, bool inlined)
{
	if (!inlined) {
		/* Code belongs to one function; one in another has its own. */
		scopes->count = 0;
	}
	if (scopes->count < SCOPES_MAX) {
		Dwarf_Die *function = grow_array((void **)&scopes->functions, &scopes->count,
						 &scopes->capacity, sizeof(*scopes->functions));
		if (function) {
			*function = *die;
		}
	}
}

/** Add a function to the addresses in its ranges; how many these are. */
static size_t visit_function(struct walk *walk, Dwarf_Die *die, bool inlined)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	size_t found = 0;
	for (uint32_t i = 0; i < RANGES_MAX; i++) {
		offset = dwarf_ranges(die, offset, &base, &start, &end);
		if (offset <= 0) {
			break;
		}
		size_t limit = start && start < end ? count_below(walk, end) : 0;
		for (size_t k = limit ? count_below(walk, start) : 0; k < limit; k++) {
			add(&walk->scopes[k], die, inlined);
			found++;
		}
	}
	return found;
}

/** True if functions may be among the entries in this one. */
static bool has_functions(struct walk *walk, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		visit_function(walk, die, false);
		return true;
	case DW_TAG_inlined_subroutine:
		return visit_function(walk, die, true) > 0;
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return true;
	default:
		return false;
	}
}

/** Go on only forward, and not forever. */
static bool is_next(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Off offset = dwarf_dieoffset(die);
	if (offset <= walk->last || walk->entries >= ENTRIES_MAX) {
		return false;
	}
	walk->last = offset;
	walk->entries++;
	return true;
}

static void walk_children(struct walk *walk, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;
	if (depth >= NESTING_MAX || dwarf_child(parent, &die) != 0) {
		return;
	}
	do {
		if (!is_next(walk, &die)) {
			return;
		}
		if (has_functions(walk, &die)) {
			walk_children(walk, &die, depth + 1);
		}
	} while (dwarf_siblingof(&die, &die) == 0);
}

void dwarf_scopes_find(Dwarf_Die *top, const uint64_t *addresses, size_t count,
		       struct dwarf_scopes *scopes)
{
	struct walk walk = {
		.addresses = addresses,
		.count = count,
		.scopes = scopes,
		.last = dwarf_dieoffset(top),
	};
	walk_children(&walk, top, 0);
}

void dwarf_scopes_done(struct dwarf_scopes *scopes)
{
	free(scopes->functions);
	*scopes = (struct dwarf_scopes){ 0 };
}
