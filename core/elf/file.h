// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * An ELF file: its headers, checked, and its dynamic symbols through elf_image. For the tool.
 * Nothing in the file is trusted; whatever is wrong with it makes something absent.
 */
#ifndef CORE_ELF_FILE_H
#define CORE_ELF_FILE_H

#include <stdbool.h>

#include "core/elf/image.h"

/**
 * More program headers than any linker writes; the kernel takes up to 64 KiB of them. With more, a
 * file is taken for damaged.
 */
#define ELF_FILE_HEADERS_MAX 512u

/** Points into itself: not to be copied. About 28 KB. */
struct elf_file {
	ElfW(Ehdr) header;
	ElfW(Phdr) headers[ELF_FILE_HEADERS_MAX];
	/** Of the file; usable only if has_symbols. */
	struct elf_image image;
	/** It has dynamic symbols: a shared object or a dynamically linked program. */
	bool has_symbols;
	/** The header of the loader that it asks for (PT_INTERP), among headers; NULL if none. */
	const ElfW(Phdr) *loader;
};

/**
 * Read the headers of the file open as fd, which must stay open while image is used.
 *
 * @return 0; -1 with errno ENOEXEC if it is not ELF of this machine's class and byte order, EBADMSG
 *         if its headers are damaged, or that of the read.
 */
int elf_file_open(struct elf_file *file, int fd);

/** True if the file defines a dynamic symbol of that name (in its default version). */
bool elf_file_defines(const struct elf_file *file, const char *name);

#endif
