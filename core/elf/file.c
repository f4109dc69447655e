// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/file.h"

#include <errno.h>
#include <string.h>

#include "core/base/sys.h"

#if !defined(FIL_HOOK) /* the hook has no errno, and reads no files */

#if __SIZEOF_POINTER__ == 8
#define OWN_CLASS ELFCLASS64
#else
#define OWN_CLASS ELFCLASS32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

static int fail(int error)
{
	errno = error;
	return -1;
}

/** Read len bytes at an offset; errno short if the file ends before. */
static int read_at(int fd, void *ret, size_t len, uint64_t offset, int error_if_short)
{
	long got = sys_call4(SYS_pread64, fd, ret, len, offset);
	if (sys_failed(got)) {
		return fail((int)-got);
	}
	return got == (long)len ? 0 : fail(error_if_short);
}

int elf_file_open(struct elf_file *file, int fd)
{
	const ElfW(Ehdr) *header = &file->header;
	file->has_symbols = false;
	file->loader = NULL;
	if (read_at(fd, &file->header, sizeof(file->header), 0, ENOEXEC) != 0) {
		return -1;
	}
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != OWN_CLASS
	    || header->e_ident[EI_DATA] != OWN_ORDER) {
		return fail(ENOEXEC);
	}
	if (header->e_phnum > ELF_FILE_HEADERS_MAX
	    || (header->e_phnum != 0 && header->e_phentsize != sizeof(file->headers[0]))) {
		return fail(EBADMSG);
	}
	if (read_at(fd, file->headers, header->e_phnum * sizeof(file->headers[0]), header->e_phoff,
		    EBADMSG)
	    != 0) {
		return -1;
	}
	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (file->headers[i].p_type == PT_INTERP && !file->loader) {
			file->loader = &file->headers[i];
		}
	}
	file->has_symbols = elf_image_open_file(&file->image, fd, file->headers, header->e_phnum);
	return 0;
}

bool elf_file_defines(const struct elf_file *file, const char *name)
{
	struct elf_symbol symbol;
	return file->has_symbols && elf_image_lookup(&file->image, name, &symbol);
}

#endif
