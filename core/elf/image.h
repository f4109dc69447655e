// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * One ELF object and its dynamic symbols, read with bounds checks: as it lies in this process's
 * memory (the hook looks for the malloc behind it and for an interpreter) or as a file of which
 * nothing is trusted (the tool looks whether a program can be profiled at all).
 *
 * Both forms go through one reader: an address of the object is translated by its PT_LOAD headers
 * and refused where no header covers it. No allocation, no locks, no errno, under 200 bytes of
 * stack; any thread, any context. Only objects of this machine's own class and byte order.
 *
 * Layouts: System V ABI chapter 5 (dynamic section, DT_HASH), GNU ABI extensions (DT_GNU_HASH,
 * DT_VERSYM), as in <elf.h>.
 */
#ifndef CORE_ELF_IMAGE_H
#define CORE_ELF_IMAGE_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image {
	/** Program headers: the caller's, or the loader's; they must outlive the image. */
	const ElfW(Phdr) *headers;
	unsigned header_count;
	/** Open file, or -1 for an object in memory. */
	int fd;
	/** Added to an address of the object to get one of this process. 0 for a file. */
	uintptr_t base;
	/** Addresses of the object, 0 where it has none. */
	uintptr_t gnu_hash;
	uintptr_t hash;
	uintptr_t symbols;
	uintptr_t strings;
	uintptr_t versions;
	/** Bytes of the string table. */
	size_t strings_bytes;
};

/** A symbol that an object defines. */
struct elf_symbol {
	/** In the object; add image.base for one of this process. */
	uintptr_t address;
	uint64_t size_bytes;
	/** STT_FUNC, STT_OBJECT, STT_GNU_IFUNC ... */
	unsigned type;
};

/**
 * Look at an object in memory.
 *
 * @param base     dlpi_addr: its load address minus its address in the file.
 * @param headers  dlpi_phdr, of which there are count.
 * @return false if it has no dynamic symbols that can be looked up; the image is then unusable.
 */
bool elf_image_open_loaded(struct elf_image *image, uintptr_t base, const ElfW(Phdr) *headers,
			   unsigned count);

/** The same for a file, read with pread from fd, which must stay open and is not closed. */
bool elf_image_open_file(struct elf_image *image, int fd, const ElfW(Phdr) *headers,
			 unsigned count);

/**
 * Look a defined, global or weak function or variable up by name, in the default version if it has
 * several: what dlsym() would find in this object alone.
 *
 * @return false, with *ret_symbol untouched, if the object defines no such symbol.
 */
bool elf_image_lookup(const struct elf_image *image, const char *name,
		      struct elf_symbol *ret_symbol);

/**
 * True if the object asks for a library (DT_NEEDED) whose name begins with prefix, of up to 64
 * bytes. Also for an image that has no symbols.
 */
bool elf_image_needs(const struct elf_image *image, const char *prefix);

/**
 * The address in this process of what a loaded object defines under a name, an indirect function
 * (STT_GNU_IFUNC) resolved by calling its resolver. NULL if it defines no such thing.
 */
void *elf_find_symbol(const struct elf_image *image, const char *name);

/** True if address (of this process) lies in a segment of a loaded object. */
bool elf_image_holds(const struct elf_image *image, const void *address);

#endif
