// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_objects.h"

#include "core/elf/notes.h"
#include "core/stack/native_memory.h"

#include <string.h>

/** glibc's struct dl_find_object on the machines that we know (<dlfcn.h> since 2.35). */
struct found_object {
	unsigned long long flags;
	void *start;
	void *end;
	struct link_map *link_map;
	void *search_table;
	unsigned long long reserved[7];
};

/** Under a name of our own: not every libc's headers declare it. */
extern int find_object_of_glibc(void *address, struct found_object *ret) __asm__("_dl_find_object")
	__attribute__((weak));

/** More objects than any process has: a list that does not end is none. */
#define OBJECTS_MAX 65536

/** The headers of an object as the loader has mapped it. */
struct mapped_headers {
	const ElfW(Phdr) *headers;
	unsigned count;
};

void native_objects_init(struct native_objects *objects, const ElfW(Phdr) *headers, unsigned count)
{
	uintptr_t dynamic = 0;
	*objects = (struct native_objects){ .headers = headers, .header_count = count };
	for (unsigned i = 0; i < count; i++) {
		if (headers[i].p_type == PT_PHDR) {
			objects->base = (uintptr_t)headers - headers[i].p_vaddr;
		} else if (headers[i].p_type == PT_DYNAMIC) {
			dynamic = headers[i].p_vaddr;
		}
	}
	if (dynamic == 0) {
		return;
	}
	for (const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(objects->base + dynamic);
	     entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_DEBUG) {
			objects->list = (const struct r_debug *)entry->d_un.d_ptr;
		}
	}
}

bool native_objects_walks_list(const struct native_objects *objects)
{
	return find_object_of_glibc == NULL && objects->list != NULL;
}

/** Those at the beginning of an object's mapping; count 0: they are not there. */
static struct mapped_headers headers_at(uintptr_t start)
{
	const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
	struct mapped_headers none = { NULL, 0 };
	if ((start & 7) != 0 || !native_can_read(start)
	    || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0
	    || header->e_phentsize != sizeof(ElfW(Phdr))
	    || header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > 4096) {
		return none;
	}
	return (struct mapped_headers){ (const ElfW(Phdr) *)(start + header->e_phoff),
					header->e_phnum };
}

static bool describe(const struct mapped_headers *mapped, uintptr_t base, uintptr_t address,
		     struct native_object *ret)
{
	struct native_object object = { .start = UINTPTR_MAX };
	for (unsigned i = 0; i < mapped->count; i++) {
		const ElfW(Phdr) *header = &mapped->headers[i];
		uintptr_t start = base + header->p_vaddr;
		if (header->p_type == PT_LOAD) {
			object.start = start < object.start ? start : object.start;
			object.end = start + header->p_memsz > object.end ? start + header->p_memsz
									  : object.end;
		} else if (header->p_type == PT_GNU_EH_FRAME) {
			object.search_table = start;
		}
	}
	if (address < object.start || address >= object.end) {
		return false;
	}
	*ret = object;
	return true;
}

/** start: of the object's mapping, if it is not the executable. */
static struct mapped_headers headers_of(const struct native_objects *objects,
					const struct link_map *map, uintptr_t start)
{
	if (map->l_addr == objects->base) {
		return (struct mapped_headers){ objects->headers, objects->header_count };
	}
	return headers_at(start);
}

static bool find_in_list(const struct native_objects *objects, uintptr_t address,
			 struct native_object *ret)
{
	const struct link_map *map = objects->list->r_map;
	for (int i = 0; map != NULL && i < OBJECTS_MAX; i++) {
		if (!native_can_read((uintptr_t)map)) {
			return false;
		}
		struct mapped_headers mapped = headers_of(objects, map, map->l_addr);
		if (describe(&mapped, map->l_addr, address, ret)) {
			ret->link_map = map;
			return true;
		}
		map = map->l_next;
	}
	return false;
}

bool native_find_object(const struct native_objects *objects, uintptr_t address,
			struct native_object *ret)
{
	struct found_object found;
	if (find_object_of_glibc == NULL) {
		return objects->list != NULL && find_in_list(objects, address, ret);
	}
	if (find_object_of_glibc((void *)address, &found) != 0) {
		return false;
	}
	*ret = (struct native_object){ (uintptr_t)found.start, (uintptr_t)found.end,
				       (uintptr_t)found.search_table, found.link_map };
	if (ret->search_table != 0
	    && (ret->search_table < ret->start || ret->search_table >= ret->end)) {
		/* Of an object with gaps between its segments it is the segment alone. */
		uintptr_t base = found.link_map->l_addr;
		struct mapped_headers mapped = headers_of(objects, found.link_map, base);
		describe(&mapped, base, address, ret);
		ret->link_map = found.link_map;
	}
	return true;
}

struct native_identity native_identify(const struct native_objects *objects,
				       const struct native_object *object)
{
	const struct link_map *map = object->link_map;
	uintptr_t base = map->l_addr;
	struct native_identity identity = { .path = map->l_name ? map->l_name : "", .base = base };
	struct mapped_headers mapped = headers_of(objects, map, object->start);
	for (unsigned i = 0; i < mapped.count && identity.build_id == NULL; i++) {
		const ElfW(Phdr) *header = &mapped.headers[i];
		uintptr_t notes = base + header->p_vaddr;
		if (header->p_type == PT_NOTE && notes >= object->start && notes < object->end
		    && header->p_memsz <= object->end - notes) {
			identity.build_id = elf_build_id((const uint8_t *)notes, header->p_memsz,
							 &identity.build_id_bytes);
		}
	}
	return identity;
}
