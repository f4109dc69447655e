// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/objects.h"

#include "core/base/attributes.h"
#include "core/elf/notes.h"
#include "core/host/proc.h"

#include <elf.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** More of either than any linker makes. */
#define HEADERS_MAX 64u
#define NOTES_BYTES_MAX 4096u

/** A line of /proc/PID/maps (proc_pid_maps(5)). */
struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	const char *path;
};

static bool parse_mapping(char *line, struct mapping *ret)
{
	int at = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &ret->start,
		   &ret->end, &ret->offset, &at) < 3
	    || !at) {
		return false;
	}
	static const char gone[] = " (deleted)";
	char *path = line + at;
	size_t len = strcspn(path, "\n");
	path[len] = 0;
	if (len > sizeof(gone) - 1 && strcmp(path + len - (sizeof(gone) - 1), gone) == 0) {
		path[len - (sizeof(gone) - 1)] = 0;
	}
	ret->path = path;
	return true;
}

/* ---- what the headers in memory say ---- */

static void read_build_id(struct remote_memory *memory, uint64_t address, uint64_t bytes,
			  struct remote_object *object)
{
	uint8_t notes[NOTES_BYTES_MAX];
	uint32_t len = 0;
	if (object->build_id_bytes || bytes > sizeof(notes)
	    || !remote_bytes(memory, address, notes, bytes)) {
		return;
	}
	const uint8_t *id = elf_build_id(notes, bytes, &len);
	if (id && len <= sizeof(object->build_id)) {
		memcpy(object->build_id, id, len);
		object->build_id_bytes = len;
	}
}

static void read_header(struct remote_memory *memory, const ElfW(Phdr) *header,
			struct remote_object *object)
{
	uint64_t address = object->bias + header->p_vaddr;
	if (header->p_type == PT_GNU_EH_FRAME) {
		object->unwind_table = address;
	} else if (header->p_type == PT_NOTE) {
		read_build_id(memory, address, header->p_memsz, object);
	}
}

/** Fill in what an object's headers say, which begin at its start. False: it has none there. */
static bool read_headers(struct remote_memory *memory, struct remote_object *object)
{
	ElfW(Ehdr) elf;
	ElfW(Phdr) headers[HEADERS_MAX];
	if (!remote_bytes(memory, object->start, &elf, sizeof(elf))
	    || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(*headers)
	    || elf.e_phnum > HEADERS_MAX
	    || !remote_bytes(memory, object->start + elf.e_phoff, headers,
			     elf.e_phnum * sizeof(*headers))) {
		return false;
	}
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		/* The first segment of the file: the one that has these headers. */
		if (headers[i].p_type == PT_LOAD && headers[i].p_offset == 0) {
			object->bias = object->start - headers[i].p_vaddr;
			break;
		}
	}
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		read_header(memory, &headers[i], object);
	}
	return true;
}

/* ---- the list ---- */

static size_t count_of(const struct remote_objects *objects)
{
	return objects->list.len / sizeof(struct remote_object);
}

static struct remote_object *at(const struct remote_objects *objects, size_t i)
{
	return (struct remote_object *)objects->list.data + i;
}

/** A mapping that begins no object belongs to the one before it, if that has its name. */
static void take_mapping(struct remote_memory *memory, struct remote_objects *objects,
			 const struct mapping *mapping)
{
	struct remote_object *last =
		count_of(objects) ? at(objects, count_of(objects) - 1) : NULL;
	if (last && mapping->offset != 0
	    && strcmp(remote_object_path(objects, last), mapping->path) == 0) {
		last->end = mapping->end;
		return;
	}
	struct remote_object object = {
		.start = mapping->start,
		.end = mapping->end,
		.path = objects->texts.len,
	};
	if (mapping->offset == 0 && read_headers(memory, &object)) {
		buffer_append(&objects->texts, mapping->path, strlen(mapping->path) + 1);
		buffer_append(&objects->list, &object, sizeof(object));
	}
}

bool remote_objects_read(const char *proc_root, pid_t pid, struct remote_memory *memory,
			 struct remote_objects *ret)
{
	char path[PROC_PATH_MAX];
	char *line = NULL;
	size_t capacity = 0;
	*ret = (struct remote_objects){ 0 };
	FILE *maps = proc_path(path, sizeof(path), proc_root, pid, "maps") ? fopen(path, "re")
									     : NULL;
	if (!maps) {
		return false;
	}
	while (getline(&line, &capacity, maps) > 0) {
		struct mapping mapping;
		/* Stacks, heaps and what has no name hold no object, but for the kernel's own. */
		if (parse_mapping(line, &mapping)
		    && (mapping.path[0] == '/' || strcmp(mapping.path, "[vdso]") == 0)) {
			take_mapping(memory, ret, &mapping);
		}
	}
	free(line);
	fclose(maps);
	return !buffer_failed(&ret->list) && !buffer_failed(&ret->texts);
}

const struct remote_object *remote_object_at(const struct remote_objects *objects,
					     uint64_t address)
{
	size_t low = 0;
	size_t high = count_of(objects);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct remote_object *object = at(objects, middle);
		if (address < object->start) {
			high = middle;
		} else if (address >= object->end) {
			low = middle + 1;
		} else {
			return object;
		}
	}
	return NULL;
}

const char *remote_object_path(const struct remote_objects *objects,
			       const struct remote_object *object)
{
	return objects->texts.data + object->path;
}

void remote_objects_done(struct remote_objects *objects)
{
	buffer_done(&objects->list);
	buffer_done(&objects->texts);
}
