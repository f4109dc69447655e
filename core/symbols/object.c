// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/object.h"

#include "core/host/fd.h"

#include <fcntl.h>
#include <gelf.h>
#include <libdwelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/** What _start takes, on every machine. */
#define ENTRY_BYTES 64u

void build_id_format(const void *bytes, size_t len, char *text)
{
	const unsigned char *byte = bytes;
	*text = '\0';
	for (size_t i = 0; len <= BUILD_ID_BYTES_MAX && i < len; i++) {
		snprintf(text + 2 * i, 3, "%02x", byte[i]);
	}
}

bool build_id_is_good(const char *text)
{
	size_t len = strlen(text);
	return len >= 4 && len <= 2 * BUILD_ID_BYTES_MAX && len % 2 == 0
		&& strspn(text, "0123456789abcdef") == len;
}

static bool is_of_this_machine(Elf *elf)
{
	GElf_Ehdr header;
	return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header)
		&& header.e_ident[EI_CLASS] == ELFCLASS64
		&& (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

struct object *object_open_fd(int fd, const char *path)
{
	struct object *object = calloc(1, sizeof(*object));
	const void *build_id;
	elf_version(EV_CURRENT);
	/* Not mapped: a file that is cut short meanwhile must not be a SIGBUS. */
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!object || !elf || !is_of_this_machine(elf) || !(object->path = strdup(path))) {
		elf_end(elf);
		free(object);
		fd_close(&fd);
		return NULL;
	}
	object->fd = fd;
	object->elf = elf;
	ssize_t len = dwelf_elf_gnu_build_id(elf, &build_id);
	build_id_format(build_id, len > 0 ? (size_t)len : 0, object->build_id);
	return object;
}

struct object *object_open(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
		fd_close(&fd);
	}
	return fd < 0 ? NULL : object_open_fd(fd, path);
}

void object_close(struct object *object)
{
	if (object) {
		elf_end(object->elf);
		fd_close(&object->fd);
		free(object->path);
		free(object);
	}
}

static Elf_Scn *find_section(const struct object *object, const char *name, GElf_Shdr *ret_header)
{
	size_t names;
	Elf_Scn *section = NULL;
	if (elf_getshdrstrndx(object->elf, &names) != 0) {
		return NULL;
	}
	while ((section = elf_nextscn(object->elf, section))) {
		const char *text = gelf_getshdr(section, ret_header)
			? elf_strptr(object->elf, names, ret_header->sh_name)
			: NULL;
		if (text && strcmp(text, name) == 0) {
			return section;
		}
	}
	return NULL;
}

bool object_has_section(const struct object *object, const char *name)
{
	GElf_Shdr header;
	return find_section(object, name, &header) && header.sh_type != SHT_NOBITS
		&& header.sh_size;
}

/** Libraries have a name of their own, even those that can be run, as libc. */
static bool has_soname(const struct object *object)
{
	Elf_Scn *section = NULL;
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data = gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC
			? elf_getdata(section, NULL)
			: NULL;
		GElf_Dyn entry;
		for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL;
		     i++) {
			if (entry.d_tag == DT_SONAME) {
				return true;
			}
		}
	}
	return false;
}

bool object_is_program(const struct object *object)
{
	GElf_Ehdr header;
	return gelf_getehdr(object->elf, &header)
		&& (header.e_type == ET_EXEC
		    || (object_has_section(object, ".interp") && !has_soname(object)));
}

bool object_is_entry(const struct object *object, uint64_t address)
{
	GElf_Ehdr header;
	GElf_Shdr loader;
	return gelf_getehdr(object->elf, &header) && header.e_entry && address >= header.e_entry
		&& address - header.e_entry < ENTRY_BYTES
		&& (header.e_type == ET_EXEC || find_section(object, ".interp", &loader));
}

bool object_has_dwarf(const struct object *object)
{
	return object_has_section(object, ".debug_info")
		|| object_has_section(object, ".zdebug_info");
}

const void *object_section(const struct object *object, const char *name, size_t *ret_len)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(object, name, &header);
	Elf_Data *data =
		section && header.sh_type != SHT_NOBITS ? elf_rawdata(section, NULL) : NULL;
	if (!data || !data->d_buf) {
		return NULL;
	}
	*ret_len = data->d_size;
	return data->d_buf;
}
