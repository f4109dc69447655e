// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/go_program.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

/* What is looked at of a program's notes: more than linkers write. */
#define NOTES_BYTES 4096u

/* Its build id: ELF_NOTE_GO_NAME in Go's cmd/link/internal/ld/elf.go. */
static bool has_go_note(const char *notes, size_t len)
{
	static const char name[4] = "Go";

	for (size_t at = 0; at + sizeof(Elf64_Nhdr) + sizeof(name) <= len; at += 4) {
		Elf64_Nhdr note;
		memcpy(&note, notes + at, sizeof(note));
		if (note.n_namesz == sizeof(name) && note.n_type == 4 &&
		    memcmp(notes + at + sizeof(note), name, sizeof(name)) == 0) {
			return true;
		}
	}
	return false;
}

bool go_has_made(const struct elf_file *file, int fd)
{
	char notes[NOTES_BYTES];

	for (unsigned i = 0; i < file->header.e_phnum; i++) {
		const ElfW(Phdr) *header = &file->headers[i];
		size_t len = header->p_filesz < sizeof(notes) ? header->p_filesz : sizeof(notes);
		ssize_t got = header->p_type == PT_NOTE
				      ? pread(fd, notes, len, (off_t)header->p_offset)
				      : 0;
		if (got > 0 && has_go_note(notes, (size_t)got)) {
			return true;
		}
	}
	return false;
}
