// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The loaded object that an address belongs to, without the loader's lock: a thread inside dlopen
 * may allocate while another one forks, and the child's copy of the lock is never released.
 *
 * glibc 2.35 and later have _dl_find_object, made for this. Elsewhere the list that loaders keep
 * for debuggers is walked (struct r_debug, <link.h>); what it names is looked at only where it is
 * mapped. The caller sees to it that no object is closed meanwhile.
 */
#ifndef CORE_STACK_NATIVE_OBJECTS_H
#define CORE_STACK_NATIVE_OBJECTS_H

#include "core/stack/native_tables.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/** How objects are found in this process. Zeroed: by _dl_find_object only. */
struct native_objects {
	/** Of the executable; its dynamic section leads to the loader's list. */
	const ElfW(Phdr) *headers;
	unsigned header_count;
	uintptr_t base;
	const struct r_debug *list;
};

/** headers, count: the executable's, as the kernel passes them (AT_PHDR, AT_PHNUM). */
void native_objects_init(struct native_objects *objects, const ElfW(Phdr) *headers, unsigned count);

/** True if finding an object walks the loader's list. */
bool native_objects_walks_list(const struct native_objects *objects);

/** False, *ret untouched, if no known object holds the address. */
bool native_find_object(const struct native_objects *objects, uintptr_t address,
			struct native_object *ret);

/** What is to be known of an object to name it. */
struct native_identity {
	/** The loader's name of it; "" for the executable. */
	const char *path;
	/** Added to the file's addresses. */
	uintptr_t base;
	/** NULL: it has none. */
	const uint8_t *build_id;
	uint32_t build_id_bytes;
};

struct native_identity native_identify(const struct native_objects *objects,
				       const struct native_object *object);

#endif
