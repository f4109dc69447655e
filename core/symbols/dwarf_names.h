// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Names of functions, files and lines, from entries of DWARF. */
#ifndef CORE_SYMBOLS_DWARF_NAMES_H
#define CORE_SYMBOLS_DWARF_NAMES_H

#include <libdw.h>
#include <stdint.h>

/**
 * The name of a function as the linker has it, not demangled; NULL if the compiler gives none: for
 * C, and for functions in functions.
 */
const char *dwarf_linkage_name(Dwarf_Die *function);

/** The name with the namespaces and classes around it: malloc'ed; NULL if it has none. */
char *dwarf_qualified_name(Dwarf_Die *function);

/** A place in a source file. */
struct dwarf_place {
	/** malloc'ed, without "." and ".." where they say nothing; NULL: not known. */
	char *file;
	/** 0: not known. */
	uint32_t line;
};

/** The source of an instruction, by the line table of its unit. */
struct dwarf_place dwarf_place_of(Dwarf_Die *unit, uint64_t address);

/** Where an inlined function was called; unit as above. */
struct dwarf_place dwarf_place_of_call(Dwarf_Die *unit, Dwarf_Die *inlined);

#endif
