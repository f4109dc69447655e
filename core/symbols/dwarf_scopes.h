// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Which functions an address lies in: the one whose machine code it is, and those that the compiler
 * has inlined there. One walk through a unit's entries serves all addresses that are asked for.
 */
#ifndef CORE_SYMBOLS_DWARF_SCOPES_H
#define CORE_SYMBOLS_DWARF_SCOPES_H

#include <libdw.h>
#include <stddef.h>
#include <stdint.h>

/** Functions inlined into one another at one address; deeper ones are left out. */
#define SCOPES_MAX 128u

/** What was found for one address: outermost first. Zeroed: nothing. */
struct dwarf_scopes {
	Dwarf_Die *functions;
	uint32_t count;
	uint32_t capacity;
};

/**
 * Find the functions of a unit (its own entry is top) at addresses, which are sorted, and add them
 * to scopes, of which there is one for each address.
 */
void dwarf_scopes_find(Dwarf_Die *top, const uint64_t *addresses, size_t count,
		       struct dwarf_scopes *scopes);

void dwarf_scopes_done(struct dwarf_scopes *scopes);

#endif
