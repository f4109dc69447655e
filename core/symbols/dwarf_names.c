// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/dwarf_names.h"

#include "core/base/attributes.h"
#include "core/host/buffer.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Links from one entry to what it stands for: more are damage. */
#define LINKS_MAX 16u
#define NESTING_MAX 64u
/** Functions in functions of which the names are told. */
#define FUNCTIONS_MAX 4u

const char *dwarf_linkage_name(Dwarf_Die *function)
{
	static const unsigned names[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name };
	Dwarf_Attribute attribute;
	for (size_t i = 0; i < countof(names); i++) {
		const char *name =
			dwarf_formstring(dwarf_attr_integrate(function, names[i], &attribute));
		if (name && name[0]) {
			return name;
		}
	}
	return NULL;
}

/** The entry that declares what die is an instance or the definition of. */
static Dwarf_Die declaration_of(const Dwarf_Die *die)
{
	static const unsigned links[] = { DW_AT_abstract_origin, DW_AT_specification };
	Dwarf_Die at = *die;
	for (uint32_t i = 0; i < LINKS_MAX; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;
		bool found = false;
		for (size_t k = 0; k < countof(links) && !found; k++) {
			found = dwarf_attr(&at, links[k], &attribute)
				&& dwarf_formref_die(&attribute, &next);
		}
		if (!found) {
			break;
		}
		at = next;
	}
	return at;
}

/** The entries around the one at an offset, outermost first; how many. */
static uint32_t find_path(const Dwarf_Die *top, Dwarf_Off target, Dwarf_Die *path)
{
	Dwarf_Die at = *top;
	uint32_t depth = 0;
	while (dwarf_dieoffset(&at) < target && depth < NESTING_MAX) {
		Dwarf_Die next;
		path[depth++] = at;
		if (dwarf_child(&at, &next) != 0) {
			return 0;
		}
		/* Forward only: a link that leads back is damage. */
		do {
			at = next;
		} while (dwarf_siblingof(&at, &next) == 0
			 && dwarf_dieoffset(&next) > dwarf_dieoffset(&at)
			 && dwarf_dieoffset(&next) <= target);
	}
	return dwarf_dieoffset(&at) == target ? depth : 0;
}

/** What an entry around a name adds to it; NULL: nothing. */
static const char *qualifier(Dwarf_Die *die, bool is_of_lambda)
{
	const char *name = dwarf_diename(die);
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		return name ? name : "(anonymous namespace)";
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return name ? name : is_of_lambda ? "{lambda}" : "{unnamed type}";
	case DW_TAG_module:
	case DW_TAG_enumeration_type:
		return name;
	default:
		return NULL;
	}
}

/** Languages in which a function's own name says it all. */
static bool is_plain_language(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return true;
	default:
		return false;
	}
}

/** Append the names around a function and its own. depth: how many functions it is in. */
static void append_qualified(struct buffer *text, const Dwarf_Die *function, unsigned depth)
{
	Dwarf_Die at = *function;
	Dwarf_Die declaration = declaration_of(function);
	Dwarf_Die unit, path[NESTING_MAX];
	const char *name = dwarf_diename(&at);
	bool is_lambda = name && strcmp(name, "operator()") == 0;
	if (depth < FUNCTIONS_MAX && dwarf_diecu(&declaration, &unit, NULL, NULL)
	    && !is_plain_language(&unit)) {
		uint32_t count = find_path(&unit, dwarf_dieoffset(&declaration), path);
		uint32_t i = count;
		while (i > 0 && dwarf_tag(&path[i - 1]) != DW_TAG_subprogram) {
			i--;
		}
		if (i > 0) {
			append_qualified(text, &path[i - 1], depth + 1);
			buffer_append_text(text, "::");
		}
		for (; i < count; i++) {
			const char *around = qualifier(&path[i], is_lambda);
			if (around) {
				buffer_printf(text, "%s::", around);
			}
		}
	}
	buffer_append_text(text, name ? name : "{unnamed}");
}

char *dwarf_qualified_name(Dwarf_Die *function)
{
	struct buffer text = { 0 };
	if (!dwarf_diename(function)) {
		return NULL;
	}
	append_qualified(&text, function, 0);
	if (buffer_failed(&text)) {
		buffer_done(&text);
	}
	return text.data;
}

static bool ends_in_up(const char *start, const char *end)
{
	return end - start >= 2 && end[-1] == '.' && end[-2] == '.'
		&& (end - start == 2 || end[-3] == '/');
}

/** Drop empty parts and "." of a path, and "FOLDER/..". In place. */
static void simplify(char *path)
{
	char *start = path + (path[0] == '/');
	char *end = start;
	const char *next;
	for (const char *at = start; *at; at = next) {
		size_t len = strcspn(at, "/");
		bool is_up = len == 2 && at[0] == '.' && at[1] == '.';
		next = at + len + (at[len] == '/');
		if (len == 0 || (len == 1 && at[0] == '.')) {
			continue;
		}
		if (is_up && end > start && !ends_in_up(start, end)) {
			while (end > start && end[-1] != '/') {
				end--;
			}
			end -= end > start;
			continue;
		}
		if (end > start) {
			*end++ = '/';
		}
		memmove(end, at, len);
		end += len;
	}
	*end = '\0';
}

/**
 * A name with the folder of its unit before it, malloc'ed: libdw puts that before names up to
 * DWARF 4 only.
 */
static char *whole_name(Dwarf_Die *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	char *name = NULL;
	if (!folder || file[0] == '/' || strncmp(file, folder, strlen(folder)) == 0) {
		return strdup(file);
	}
	return asprintf(&name, "%s/%s", folder, file) < 0 ? NULL : name;
}

static struct dwarf_place place(Dwarf_Die *unit, const char *file, uint64_t line)
{
	struct dwarf_place place = { .line = line <= INT32_MAX ? (uint32_t)line : 0 };
	place.file = file && file[0] ? whole_name(unit, file) : NULL;
	if (place.file) {
		simplify(place.file);
	}
	return place;
}

struct dwarf_place dwarf_place_of(Dwarf_Die *unit, uint64_t address)
{
	int line = 0;
	Dwarf_Line *row = dwarf_getsrc_die(unit, address);
	if (!row) {
		return (struct dwarf_place){ 0 };
	}
	dwarf_lineno(row, &line);
	return place(unit, dwarf_linesrc(row, NULL, NULL), line > 0 ? (uint64_t)line : 0);
}

struct dwarf_place dwarf_place_of_call(Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number = 0, line = 0;
	Dwarf_Files *files;
	size_t count;
	Dwarf_Die split;
	const char *file = NULL;
	dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line);
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0
	    && dwarf_diecu(inlined, &split, NULL, NULL)
	    && dwarf_getsrcfiles(&split, &files, &count) == 0 && number < count) {
		file = dwarf_filesrc(files, number, NULL, NULL);
	}
	return place(unit, file, line);
}
