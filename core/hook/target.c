// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/target.h"

#include "core/base/sys.h"

#include <elf.h>
#include <string.h>

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif

/**
 * What the kernel reads of a #! line (BINPRM_BUF_SIZE), and how many of them may follow each other.
 */
#define LINE_MAX_BYTES 256
#define SCRIPTS_MAX 4

/** 1: static; 0: it has a loader; -1: no ELF file of this kind of machine. */
static int elf_is_static(int fd)
{
	elf_header header;
	if (sys_call4(SYS_pread64, fd, &header, sizeof(header), 0) != (long)sizeof(header)
	    || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0
	    || header.e_phentsize != sizeof(elf_segment)) {
		return -1;
	}
	for (unsigned i = 0; i < header.e_phnum; i++) {
		elf_segment segment;
		uint64_t at = header.e_phoff + i * sizeof(segment);
		if (sys_call4(SYS_pread64, fd, &segment, sizeof(segment), at)
		    != (long)sizeof(segment)) {
			return -1;
		}
		if (segment.p_type == PT_INTERP) {
			return 0;
		}
	}
	return 1;
}

/** The interpreter of a #! line in text, terminated in place; NULL if it is none. */
static char *interpreter_of(char *text, long len)
{
	if (len < 3 || text[0] != '#' || text[1] != '!') {
		return NULL;
	}
	char *start = text + 2;
	while (*start == ' ' || *start == '\t') {
		start++;
	}
	char *end = start;
	while (*end && *end != ' ' && *end != '\t' && *end != '\n') {
		end++;
	}
	*end = 0;
	return *start ? start : NULL;
}

bool target_fd_is_static(int fd)
{
	char line[LINE_MAX_BYTES + 1];
	bool is_static = false;
	int own = -1;
	for (int i = 0; i <= SCRIPTS_MAX; i++) {
		int kind = elf_is_static(fd);
		is_static = kind == 1;
		if (kind >= 0) {
			break;
		}
		memset(line, 0, sizeof(line));
		long len = sys_call4(SYS_pread64, fd, line, LINE_MAX_BYTES, 0);
		char *interpreter = interpreter_of(line, len);
		long next = interpreter ? sys_open(interpreter, SYS_O_RDONLY | SYS_O_CLOEXEC) : -1;
		if (own >= 0) {
			sys_close(own);
		}
		own = sys_failed(next) ? -1 : (int)next;
		fd = own;
		if (own < 0) {
			return false;
		}
	}
	if (own >= 0) {
		sys_close(own);
	}
	return is_static;
}

bool target_is_static(const char *path)
{
	long fd = sys_open(path, SYS_O_RDONLY | SYS_O_CLOEXEC);
	if (sys_failed(fd)) {
		return false;
	}
	bool is_static = target_fd_is_static((int)fd);
	sys_close((int)fd);
	return is_static;
}
