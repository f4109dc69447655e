// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The compilation units of an object's DWARF by address, from the ranges that each unit gives:
 * .debug_aranges is not written by every compiler.
 */
#ifndef CORE_SYMBOLS_DWARF_UNITS_H
#define CORE_SYMBOLS_DWARF_UNITS_H

#include <libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct dwarf_unit {
	/** The unit's own entry, or that of its skeleton; its line table is found through it. */
	Dwarf_Die die;
	/** The entry above its functions: die, or that in the .dwo file. */
	Dwarf_Die functions;
};

struct dwarf_range {
	uint64_t start;
	uint64_t end;
	uint32_t unit;
};

/** Zeroed: empty. */
struct dwarf_units {
	struct dwarf_unit *units;
	uint32_t count;
	uint32_t capacity;
	struct dwarf_range *ranges;
	uint32_t range_count;
	uint32_t range_capacity;
};

/** Read them all; what is damaged is left out. The Dwarf must outlive them. */
void dwarf_units_read(struct dwarf_units *units, Dwarf *dwarf);

/** The number of the unit that has code at an address; false: none has. */
bool dwarf_units_find(const struct dwarf_units *units, uint64_t address, uint32_t *ret_unit);

void dwarf_units_done(struct dwarf_units *units);

#endif
