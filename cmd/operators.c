// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/operators.h"

#include "core/base/attributes.h"
#include "core/elf/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const allocators[] = {"jemalloc", "tcmalloc", "mimalloc"};
static const char *const libraries[] = {"libjemalloc", "libtcmalloc", "libmimalloc"};

static bool needs_allocator(const char *program)
{
	struct elf_file file;
	bool found = false;
	int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return false;
	}
	if (elf_file_open(&file, fd) == 0) {
		for (size_t i = 0; i < countof(libraries); i++) {
			found = found || elf_image_needs(&file.image, libraries[i]);
		}
	}
	close(fd);
	return found;
}

bool operators_are_wanted(const char *program, const char *preload)
{
	for (size_t i = 0; preload && i < countof(allocators); i++) {
		if (strstr(preload, allocators[i])) {
			return true;
		}
	}
	return needs_allocator(program);
}

/* The section of a type in an image of which nothing is unexpected: it is our own. */
static const ElfW(Shdr) *find_section(const unsigned char *image, size_t bytes, uint32_t type)
{
	const ElfW(Ehdr) *header = (const void *)image;
	const ElfW(Shdr) *sections;

	if (bytes < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_shoff + header->e_shnum * sizeof(*sections) > bytes) {
		return NULL;
	}
	sections = (const void *)(image + header->e_shoff);
	for (unsigned i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type == type &&
		    sections[i].sh_offset + sections[i].sh_size <= bytes) {
			return &sections[i];
		}
	}
	return NULL;
}

/* The linker's names of all operators new, new[], delete and delete[] begin so. */
static bool is_operator(const char *name)
{
	return strncmp(name, "_Zn", 3) == 0 || strncmp(name, "_Zd", 3) == 0;
}

void *operators_hide(const void *image, size_t bytes)
{
	unsigned char *copy = malloc(bytes);
	const ElfW(Shdr) *symbols, *sections;

	if (!copy) {
		return NULL;
	}
	memcpy(copy, image, bytes);
	symbols = find_section(copy, bytes, SHT_DYNSYM);
	if (!symbols) {
		free(copy);
		errno = EINVAL;
		return NULL;
	}
	sections = (const void *)(copy + ((const ElfW(Ehdr) *)(void *)copy)->e_shoff);
	const char *names = (const char *)copy + sections[symbols->sh_link].sh_offset;
	ElfW(Sym) *symbol = (void *)(copy + symbols->sh_offset);
	for (size_t i = 0; i < symbols->sh_size / sizeof(*symbol); i++) {
		/* As if it were wanted of somebody else, and could be done without. */
		if (is_operator(names + symbol[i].st_name)) {
			symbol[i].st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
			symbol[i].st_shndx = SHN_UNDEF;
			symbol[i].st_value = 0;
		}
	}
	return copy;
}
