// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/dwarf_units.h"

#include "core/symbols/grow.h"

#include <dwarf.h>
#include <stdlib.h>

/** Bounds for damaged files: units of an object, and ranges of one unit. */
#define UNITS_MAX 1000000u
#define RANGES_MAX 100000u
/** Ranges that begin before an address which are looked at: they overlap in damaged files only. */
#define STEPS_MAX 16u

static void add_ranges(struct dwarf_units *units, Dwarf_Die *die, uint32_t unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	for (uint32_t i = 0; i < RANGES_MAX; i++) {
		offset = dwarf_ranges(die, offset, &base, &start, &end);
		if (offset <= 0) {
			return;
		}
		/* At 0 is what the linker has thrown away. */
		if (start == 0 || start >= end) {
			continue;
		}
		struct dwarf_range *range = grow_array((void **)&units->ranges,
						       &units->range_count, &units->range_capacity,
						       sizeof(*units->ranges));
		if (!range) {
			return;
		}
		*range = (struct dwarf_range){ start, end, unit };
	}
}

static void add_unit(struct dwarf_units *units, Dwarf_Die *die, Dwarf_Die *split)
{
	uint32_t number = units->count;
	struct dwarf_unit *unit = grow_array((void **)&units->units, &units->count,
					     &units->capacity, sizeof(*units->units));
	if (unit) {
		unit->die = *die;
		unit->functions = split->cu ? *split : *die;
		add_ranges(units, die, number);
	}
}

static int compare(const void *a, const void *b)
{
	const struct dwarf_range *x = a;
	const struct dwarf_range *y = b;
	if (x->start != y->start) {
		return x->start < y->start ? -1 : 1;
	}
	/* The smallest comes last: it is met first. */
	return x->end > y->end ? -1 : x->end < y->end;
}

void dwarf_units_read(struct dwarf_units *units, Dwarf *dwarf)
{
	Dwarf_CU *at = NULL;
	Dwarf_Die die, split;
	uint8_t type;
	while (units->count < UNITS_MAX
	       && dwarf_get_units(dwarf, at, &at, NULL, &type, &die, &split) == 0) {
		if (type == DW_UT_compile || type == DW_UT_skeleton) {
			add_unit(units, &die, type == DW_UT_skeleton ? &split : &(Dwarf_Die){ 0 });
		}
	}
	if (units->range_count) {
		qsort(units->ranges, units->range_count, sizeof(*units->ranges), compare);
	}
}

bool dwarf_units_find(const struct dwarf_units *units, uint64_t address, uint32_t *ret_unit)
{
	uint32_t low = 0, high = units->range_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (units->ranges[middle].start <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (uint32_t steps = 0; low > 0 && steps < STEPS_MAX; steps++) {
		low--;
		if (address < units->ranges[low].end) {
			*ret_unit = units->ranges[low].unit;
			return true;
		}
	}
	return false;
}

void dwarf_units_done(struct dwarf_units *units)
{
	free(units->units);
	free(units->ranges);
	*units = (struct dwarf_units){ 0 };
}
