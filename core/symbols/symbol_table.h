// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The functions that the symbol tables of object files name, by address. A symbol answers only for
 * the bytes that its size covers: the nearest one before an address says nothing.
 */
#ifndef CORE_SYMBOLS_SYMBOL_TABLE_H
#define CORE_SYMBOLS_SYMBOL_TABLE_H

#include "core/symbols/object.h"

#include <stdbool.h>
#include <stdint.h>

struct symbol {
	uint64_t start;
	uint64_t end;
	/** As the linker has it; lives as long as its object. */
	const char *name;
	/** STB_GLOBAL and so on. */
	unsigned binding;
};

/** Zeroed: empty. */
struct symbol_table {
	struct symbol *symbols;
	uint32_t count;
	uint32_t capacity;
	/** For each symbol, the highest end of it and those before it. */
	uint64_t *reach;
};

/** Take the functions of all symbol tables of an object, which must stay open. Before the sort. */
void symbol_table_add(struct symbol_table *table, const struct object *object);

/** To be called when all are added. */
void symbol_table_sort(struct symbol_table *table);

/** The symbol whose bytes address is among; of several names of one the most public. NULL: none. */
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address);

void symbol_table_done(struct symbol_table *table);

#endif
