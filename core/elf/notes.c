// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/notes.h"

#include <elf.h>
#include <string.h>

#define BUILD_ID_MAX 64u

static size_t align_up(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

const uint8_t *elf_note(const uint8_t *notes, size_t bytes, const char owner[NOTE_OWNER_BYTES],
			uint32_t type, uint32_t *ret_bytes)
{
	Elf64_Nhdr note;
	while (bytes >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		size_t name = align_up(note.n_namesz);
		size_t whole = sizeof(note) + name + align_up(note.n_descsz);
		if (whole > bytes) {
			return NULL;
		}
		if (note.n_type == type && note.n_namesz == NOTE_OWNER_BYTES
		    && memcmp(notes + sizeof(note), owner, NOTE_OWNER_BYTES) == 0) {
			*ret_bytes = note.n_descsz;
			return notes + sizeof(note) + name;
		}
		notes += whole;
		bytes -= whole;
	}
	return NULL;
}

const uint8_t *elf_build_id(const uint8_t *notes, size_t bytes, uint32_t *ret_bytes)
{
	uint32_t len = 0;
	const uint8_t *id = elf_note(notes, bytes, "GNU", NT_GNU_BUILD_ID, &len);
	if (!id || len == 0 || len > BUILD_ID_MAX) {
		return NULL;
	}
	*ret_bytes = len;
	return id;
}
