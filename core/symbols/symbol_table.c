// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/symbol_table.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/** More than any object has: a bound for damaged ones. */
#define SYMBOLS_MAX (1u << 24)
/** Symbols that begin before an address which are looked at for one that reaches it. */
#define STEPS_MAX 256u

static bool is_function(const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);
	bool is_code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
	return is_code && symbol->st_shndx != SHN_UNDEF && symbol->st_size
		&& symbol->st_value + symbol->st_size > symbol->st_value;
}

static void add(struct symbol_table *table, const GElf_Sym *symbol, const char *name)
{
	if (table->count == table->capacity) {
		uint32_t capacity = table->capacity ? table->capacity * 2 : 1024;
		void *symbols = capacity > SYMBOLS_MAX
			? NULL
			: realloc(table->symbols, capacity * sizeof(*table->symbols));
		if (!symbols) {
			return;
		}
		table->symbols = symbols;
		table->capacity = capacity;
	}
	table->symbols[table->count++] = (struct symbol){
		.start = symbol->st_value,
		.end = symbol->st_value + symbol->st_size,
		.name = name,
		.binding = GELF_ST_BIND(symbol->st_info),
	};
}

static void add_section(struct symbol_table *table, Elf *elf, Elf_Scn *section,
			const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	for (size_t i = 0; i < count && i < SYMBOLS_MAX; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol)) {
			return;
		}
		const char *name = is_function(&symbol)
			? elf_strptr(elf, header->sh_link, symbol.st_name)
			: NULL;
		if (name && name[0]) {
			add(table, &symbol, name);
		}
	}
}

void symbol_table_add(struct symbol_table *table, const struct object *object)
{
	Elf_Scn *section = NULL;
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		if (gelf_getshdr(section, &header)
		    && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)) {
			add_section(table, object->elf, section, &header);
		}
	}
}

/** The higher the better for a reader: public before local, "malloc" before "__malloc". */
static int rank(const struct symbol *symbol)
{
	int underscores = (int)strspn(symbol->name, "_");
	int binding = symbol->binding == STB_GLOBAL ? 2 : symbol->binding == STB_WEAK ? 1 : 0;
	/* Only between names that are as public: weak "malloc" before global "__libc_malloc". */
	return (binding ? 100 : 0) - 3 * (underscores > 3 ? 3 : underscores) + binding;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a;
	const struct symbol *y = b;
	if (x->start != y->start) {
		return x->start < y->start ? -1 : 1;
	}
	/* The best comes last: it is met first. */
	int order = rank(x) - rank(y);
	return order ? order : strcmp(y->name, x->name);
}

void symbol_table_sort(struct symbol_table *table)
{
	uint64_t reach = 0;
	if (!table->count) {
		return;
	}
	qsort(table->symbols, table->count, sizeof(*table->symbols), compare);
	table->reach = malloc(table->count * sizeof(*table->reach));
	if (!table->reach) {
		table->count = 0;
		return;
	}
	for (uint32_t i = 0; i < table->count; i++) {
		reach = table->symbols[i].end > reach ? table->symbols[i].end : reach;
		table->reach[i] = reach;
	}
}

/** The number of symbols that begin at or before an address. */
static uint32_t count_before(const struct symbol_table *table, uint64_t address)
{
	uint32_t low = 0, high = table->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (table->symbols[middle].start <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	uint32_t at = count_before(table, address);
	for (uint32_t steps = 0; at > 0 && steps < STEPS_MAX; steps++) {
		at--;
		if (table->symbols[at].end > address) {
			return &table->symbols[at];
		}
		if (table->reach[at] <= address) {
			break;
		}
	}
	return NULL;
}

void symbol_table_done(struct symbol_table *table)
{
	free(table->symbols);
	free(table->reach);
	*table = (struct symbol_table){ 0 };
}
