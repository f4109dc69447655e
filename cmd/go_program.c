// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/go_program.h"

#include "core/elf/notes.h"

#include <unistd.h>

/* What is looked at of a program's notes: more than linkers write. */
#define NOTES_BYTES 4096u

/* Of the note with Go's build id: ELF_NOTE_GO_NAME in Go's cmd/link/internal/ld/elf.go. */
#define GO_BUILD_ID 4

bool go_has_made(const struct elf_file *file, int fd)
{
	unsigned char notes[NOTES_BYTES];
	uint32_t bytes;

	for (unsigned i = 0; i < file->header.e_phnum; i++) {
		const ElfW(Phdr) *header = &file->headers[i];
		size_t len = header->p_filesz < sizeof(notes) ? header->p_filesz : sizeof(notes);
		ssize_t got = header->p_type == PT_NOTE
				      ? pread(fd, notes, len, (off_t)header->p_offset)
				      : 0;
		if (got > 0 && elf_note(notes, (size_t)got, "Go\0", GO_BUILD_ID, &bytes)) {
			return true;
		}
	}
	return false;
}
