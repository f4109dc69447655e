// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/module_reader.h"

#include "core/base/attributes.h"
#include "core/symbols/demangle.h"
#include "core/symbols/dwarf_names.h"
#include "core/symbols/dwarf_scopes.h"
#include "core/symbols/dwarf_units.h"
#include "core/symbols/shorten.h"
#include "core/symbols/symbol_table.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	const struct symbols_request *request;
	const struct module_sink *sink;
	struct debug_files files;
	struct symbol_table symbols;
	Dwarf *dwarf;
	Dwarf *supplement;
	struct dwarf_units units;
	/** By unit: its functions are known. */
	bool *is_walked;
	/** By address. */
	struct dwarf_scopes *scopes;
};

/** The frames of one address while they are put together. */
struct chain {
	struct symbol_frame frames[SCOPES_MAX];
	/** What the frames point into; NULL where a text is empty. Owned. */
	char *texts[SCOPES_MAX][2];
	uint32_t count;
};

static void open_dwarf(struct reader *reader)
{
	const struct debug_files *files = &reader->files;
	if (!files->debug) {
		return;
	}
	reader->dwarf = dwarf_begin_elf(files->debug->elf, DWARF_C_READ, NULL);
	if (files->supplement) {
		reader->supplement = dwarf_begin_elf(files->supplement->elf, DWARF_C_READ, NULL);
	}
	if (reader->dwarf) {
		/* With none, libdw would look for one where we have not. */
		dwarf_setalt(reader->dwarf, reader->supplement);
		dwarf_units_read(&reader->units, reader->dwarf);
	}
}

static void open_symbols(struct reader *reader)
{
	const struct object *const objects[] = { reader->files.module, reader->files.debug,
						 reader->files.minimal };
	for (size_t i = 0; i < countof(objects); i++) {
		if (objects[i]) {
			symbol_table_add(&reader->symbols, objects[i]);
		}
	}
	symbol_table_sort(&reader->symbols);
}

static enum symbols_state state_of(const struct reader *reader)
{
	if (reader->units.count) {
		return SYMBOLS_FULL;
	}
	if (reader->files.module || reader->files.debug) {
		return SYMBOLS_NAMES;
	}
	return reader->files.is_other ? SYMBOLS_OTHER_FILE : SYMBOLS_NO_FILE;
}

/** The unit of an address, its functions at all addresses found; NULL: there is none. */
static struct dwarf_unit *unit_at(struct reader *reader, uint64_t address)
{
	uint32_t number;
	if (!reader->scopes || !reader->is_walked
	    || !dwarf_units_find(&reader->units, address, &number)) {
		return NULL;
	}
	struct dwarf_unit *unit = &reader->units.units[number];
	if (!reader->is_walked[number]) {
		reader->is_walked[number] = true;
		dwarf_scopes_find(&unit->functions, reader->request->addresses,
				  reader->request->count, reader->scopes);
	}
	return unit;
}

/** The module or what stands in for it; NULL if there is nothing of it. */
static const struct object *module_of(const struct reader *reader)
{
	return reader->files.module ? reader->files.module : reader->files.debug;
}

static char *name_of_symbol(const struct reader *reader, uint64_t address)
{
	const struct symbol *symbol = symbol_table_find(&reader->symbols, address);
	const struct object *module = module_of(reader);
	if (symbol) {
		return demangle(symbol->name);
	}
	/* Also where it is stripped: the frame that every stack begins with. */
	return module && object_is_entry(module, address) ? strdup("_start") : NULL;
}

/** Where the code is: the symbol's name tells it apart from others of the same name in C. */
static char *name_of_code(const struct reader *reader, Dwarf_Die *function, uint64_t address)
{
	const char *linkage = dwarf_linkage_name(function);
	char *name = linkage ? demangle(linkage) : name_of_symbol(reader, address);
	return name ? name : dwarf_qualified_name(function);
}

static char *name_of_inlined(Dwarf_Die *function)
{
	const char *linkage = dwarf_linkage_name(function);
	return linkage ? demangle(linkage) : dwarf_qualified_name(function);
}

static void chain_set(struct chain *chain, uint32_t i, char *function, struct dwarf_place place)
{
	if (function) {
		shorten_name(function);
	}
	chain->texts[i][0] = function;
	chain->texts[i][1] = place.file;
	chain->frames[i] = (struct symbol_frame){
		.function = function ? function : "",
		.file = place.file ? place.file : "",
		.line = place.line,
	};
}

static void chain_done(struct chain *chain)
{
	for (uint32_t i = 0; i < chain->count; i++) {
		free(chain->texts[i][0]);
		free(chain->texts[i][1]);
	}
}

/** From the inside out: a function's place is where it calls the one that is inlined into it. */
static void build_chain(struct reader *reader, struct chain *chain, struct dwarf_unit *unit,
			uint64_t address, struct dwarf_scopes *scopes)
{
	struct dwarf_place place = dwarf_place_of(&unit->die, address);
	chain->count = scopes->count ? scopes->count : 1;
	for (uint32_t i = scopes->count; i-- > 1;) {
		Dwarf_Die *function = &scopes->functions[i];
		chain_set(chain, i, name_of_inlined(function), place);
		place = dwarf_place_of_call(&unit->die, function);
	}
	char *name = scopes->count ? name_of_code(reader, &scopes->functions[0], address)
				   : name_of_symbol(reader, address);
	chain_set(chain, 0, name, place);
}

static void read_address(struct reader *reader, uint32_t i)
{
	uint64_t address = reader->request->addresses[i];
	struct chain chain;
	struct dwarf_unit *unit = unit_at(reader, address);
	if (unit) {
		build_chain(reader, &chain, unit, address, &reader->scopes[i]);
		dwarf_scopes_done(&reader->scopes[i]);
	} else {
		char *name = name_of_symbol(reader, address);
		chain.count = name ? 1 : 0;
		chain_set(&chain, 0, name, (struct dwarf_place){ 0 });
	}
	reader->sink->frames(reader->sink->context, chain.frames, chain.count);
	chain_done(&chain);
}

static void reader_done(struct reader *reader)
{
	for (uint32_t i = 0; reader->scopes && i < reader->request->count; i++) {
		dwarf_scopes_done(&reader->scopes[i]);
	}
	free(reader->scopes);
	free(reader->is_walked);
	dwarf_units_done(&reader->units);
	symbol_table_done(&reader->symbols);
	dwarf_end(reader->dwarf);
	dwarf_end(reader->supplement);
	debug_files_done(&reader->files);
}

void module_read(const struct symbols_request *request, const struct module_sink *sink)
{
	struct reader reader = { .request = request, .sink = sink };
	debug_files_find(&reader.files, &request->places, request->path, request->build_id);
	open_dwarf(&reader);
	open_symbols(&reader);
	reader.scopes = calloc((size_t)request->count + 1, sizeof(*reader.scopes));
	reader.is_walked = calloc((size_t)reader.units.count + 1, sizeof(*reader.is_walked));
	sink->state(sink->context, state_of(&reader),
		    module_of(&reader) && object_is_program(module_of(&reader)));
	for (uint32_t i = 0; i < request->count; i++) {
		read_address(&reader, i);
	}
	reader_done(&reader);
}
