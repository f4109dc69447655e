// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/elf/file.h"
#include "tests/unit/core/elf/made_elf.h"
#include "tests/unit/test.h"

/** An open file with these bytes. */
static int file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("made", 0);
	REQUIRE(fd >= 0);
	REQUIRE(write(fd, bytes, len) == (ssize_t)len);
	return fd;
}

static void check_symbols(const struct elf_image *image)
{
	struct elf_symbol symbol = { 0 };
	CHECK(elf_image_lookup(image, "malloc", &symbol));
	CHECK_INT(symbol.address, 0x10400);
	CHECK_INT(symbol.type, STT_FUNC);
	CHECK_INT(symbol.size_bytes, 16);
	CHECK(elf_image_lookup(image, "versioned", &symbol));
	CHECK_INT(symbol.address, 0x10300);
	CHECK(elf_image_lookup(image, made_symbols[5].name, &symbol));
	CHECK_INT(symbol.address, 0x10500);
	CHECK_INT(symbol.type, STT_OBJECT);
	symbol.address = 7;
	CHECK(!elf_image_lookup(image, "wanted_elsewhere", &symbol));
	CHECK(!elf_image_lookup(image, "mallo", &symbol));
	CHECK(!elf_image_lookup(image, "malloc2", &symbol));
	CHECK(!elf_image_lookup(image, "", &symbol));
	CHECK_INT(symbol.address, 7);
}

static void finds_symbols_of_a_file_by_either_hash_table(void)
{
	for (int gnu = 0; gnu < 2; gnu++) {
		struct made_elf made;
		struct elf_file file;
		make_elf(&made, gnu, 0);
		int fd = file_of(&made, sizeof(made));
		REQUIRE(elf_file_open(&file, fd) == 0);
		CHECK(file.has_symbols);
		CHECK(!file.loader);
		CHECK(elf_file_defines(&file, "malloc"));
		CHECK(!elf_file_defines(&file, "wanted_elsewhere"));
		check_symbols(&file.image);
		close(fd);
	}
}

/* As glibc loads an object (base added to the dynamic section), as musl does (not), and at its own
   address (base 0). */
static void finds_symbols_of_a_loaded_object(void)
{
	for (int variant = 0; variant < 4; variant++) {
		bool gnu = variant & 1, added = variant & 2;
		struct made_elf *made = malloc(sizeof(*made));
		uintptr_t base = (uintptr_t)made - MADE_ADDRESS;
		struct elf_image image;
		make_elf(made, gnu, added ? base : 0);
		REQUIRE(elf_image_open_loaded(&image, base, made->headers, 2));
		check_symbols(&image);
		CHECK(elf_find_symbol(&image, "malloc") == (char *)made + 0x400);
		CHECK(elf_find_symbol(&image, "nothing") == NULL);
		CHECK(elf_image_holds(&image, made));
		CHECK(elf_image_holds(&image, (char *)made + sizeof(*made) - 1));
		CHECK(!elf_image_holds(&image, made + 1));
		CHECK(!elf_image_holds(&image, (char *)made - 1));
		free(made);
	}
}

static void *resolved_to(void)
{
	return &errno;
}

static void calls_the_resolver_of_an_indirect_function(void)
{
	struct made_elf *made = malloc(sizeof(*made));
	uintptr_t base = (uintptr_t)made - MADE_ADDRESS;
	struct elf_image image;
	make_elf(made, true, base);
	made->symbols[4].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
	made->symbols[4].st_value = (uintptr_t)resolved_to - base;
	REQUIRE(elf_image_open_loaded(&image, base, made->headers, 2));
	CHECK(elf_find_symbol(&image, "malloc") == (void *)&errno);
	free(made);
}

static void says_what_is_wrong_with_a_file(void)
{
	struct made_elf made;
	struct elf_file file;
	make_elf(&made, true, 0);
	int fd = file_of("#!/bin/sh\n", 10);
	CHECK_INT(elf_file_open(&file, fd), -1);
	CHECK_INT(errno, ENOEXEC);
	close(fd);
	fd = file_of(&made, sizeof(made.header) + 20);
	CHECK_INT(elf_file_open(&file, fd), -1);
	CHECK_INT(errno, EBADMSG);
	close(fd);
	made.header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	fd = file_of(&made, sizeof(made));
	CHECK_INT(elf_file_open(&file, fd), -1);
	CHECK_INT(errno, ENOEXEC);
	close(fd);
	CHECK_INT(elf_file_open(&file, -1), -1);
	CHECK_INT(errno, EBADF);
}

static void a_program_without_dynamic_symbols_has_none(void)
{
	struct made_elf made;
	struct elf_file file;
	make_elf(&made, true, 0);
	made.headers[1].p_type = PT_NOTE;
	int fd = file_of(&made, sizeof(made));
	REQUIRE(elf_file_open(&file, fd) == 0);
	CHECK(!file.has_symbols);
	CHECK(!elf_file_defines(&file, "malloc"));
	close(fd);
}

static uint32_t random_state = 1;

static uint32_t random_number(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

static const uint64_t nasty[] = { 0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, ~0ull, 0x10000,
				  1ull << 63 };

static void damage(struct made_elf *made)
{
	for (uint32_t n = 1 + random_number(4); n > 0; n--) {
		char *at = (char *)made + random_number(sizeof(*made) - 8);
		switch (random_number(3)) {
		case 0:
			*at ^= (char)(1 << random_number(8));
			break;
		case 1:
			memcpy(at, &nasty[random_number(10)], 1u << random_number(4));
			break;
		default:
			at = (char *)made + (random_number(sizeof(*made) - 8) & ~7u);
			memcpy(at, &nasty[random_number(10)], 8);
		}
	}
}

/* Nothing but not crashing (and not reading out of bounds, under a sanitizer) is asked; the count
   of lookups that still succeed shows that the damage leaves something to read. */
static void survives_damaged_files_and_images(void)
{
	unsigned found = 0, rounds = 20000;
	int fd = memfd_create("damaged", 0);
	for (unsigned i = 0; i < rounds; i++) {
		struct made_elf *made = malloc(sizeof(*made));
		uintptr_t base = (uintptr_t)made - MADE_ADDRESS;
		struct elf_file file;
		struct elf_image image;
		make_elf(made, i & 1, 0);
		damage(made);
		REQUIRE(pwrite(fd, made, sizeof(*made), 0) == sizeof(*made));
		if (elf_file_open(&file, fd) == 0) {
			found += elf_file_defines(&file, "malloc");
			elf_file_defines(&file, "versioned");
		}
		/* In memory the loader vouches for the headers; all else may be damaged. */
		struct made_elf sound;
		make_elf(&sound, i & 1, 0);
		if (elf_image_open_loaded(&image, base, sound.headers, 2)) {
			struct elf_symbol symbol;
			found += elf_image_lookup(&image, "malloc", &symbol);
			elf_image_lookup(&image, "versioned", &symbol);
		}
		free(made);
	}
	CHECK(found > rounds / 4);
	CHECK(found < rounds * 2);
	close(fd);
}

static const char *const libraries[] = {
	"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6",
	"/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
};

/** The same names by going through the section headers, which the reader never looks at. */
static unsigned compare_all(const struct elf_file *file, const char *bytes)
{
	const ElfW(Shdr) *sections = (const void *)(bytes + file->header.e_shoff);
	unsigned same = 0;
	for (unsigned s = 0; s < file->header.e_shnum; s++) {
		if (sections[s].sh_type != SHT_DYNSYM) {
			continue;
		}
		const ElfW(Sym) *symbols = (const void *)(bytes + sections[s].sh_offset);
		const char *strings = bytes + sections[sections[s].sh_link].sh_offset;
		const uint16_t *versions = NULL;
		for (unsigned v = 0; v < file->header.e_shnum; v++) {
			if (sections[v].sh_type == SHT_GNU_versym) {
				versions = (const void *)(bytes + sections[v].sh_offset);
			}
		}
		for (unsigned i = 0; i < sections[s].sh_size / sizeof(symbols[0]); i++) {
			unsigned type = ELF64_ST_TYPE(symbols[i].st_info);
			struct elf_symbol found;
			if (symbols[i].st_shndx == SHN_UNDEF || symbols[i].st_shndx == SHN_ABS
			    || (versions && versions[i] & 0x8000)
			    || (type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC)) {
				continue;
			}
			if (!elf_image_lookup(&file->image, strings + symbols[i].st_name, &found)
			    || found.address != symbols[i].st_value) {
				CHECK_STR(strings + symbols[i].st_name, "found where it is");
			} else {
				same++;
			}
		}
	}
	return same;
}

static void finds_every_symbol_of_a_real_library(void)
{
	for (unsigned i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		struct elf_file file;
		int fd = open(libraries[i], O_RDONLY);
		if (fd < 0) {
			continue;
		}
		off_t len = lseek(fd, 0, SEEK_END);
		char *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		REQUIRE(bytes != MAP_FAILED && elf_file_open(&file, fd) == 0);
		CHECK(compare_all(&file, bytes) > 500);
		CHECK(elf_file_defines(&file, "malloc"));
		munmap(bytes, len);
		close(fd);
	}
}

static void libraries_that_a_program_asks_for(void)
{
	struct elf_file file;
	int fd = open("/bin/sh", O_RDONLY);
	REQUIRE(fd >= 0 && elf_file_open(&file, fd) == 0);
	CHECK(file.loader);
	CHECK(elf_image_needs(&file.image, "libc."));
	CHECK(!elf_image_needs(&file.image, "libasan."));
	CHECK(!elf_image_needs(&file.image, "ibc."));
	close(fd);
}

int main(void)
{
	RUN(finds_symbols_of_a_file_by_either_hash_table);
	RUN(finds_symbols_of_a_loaded_object);
	RUN(calls_the_resolver_of_an_indirect_function);
	RUN(says_what_is_wrong_with_a_file);
	RUN(a_program_without_dynamic_symbols_has_none);
	RUN(survives_damaged_files_and_images);
	RUN(finds_every_symbol_of_a_real_library);
	RUN(libraries_that_a_program_asks_for);
	return test_done();
}
