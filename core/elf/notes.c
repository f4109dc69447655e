// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/build_id.h"

#include <elf.h>
#include <string.h>

#define BUILD_ID_MAX 64u

static size_t align_up(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

const uint8_t *elf_build_id(const uint8_t *notes, size_t bytes, uint32_t *ret_bytes)
{
	const char owner[] = "GNU";
	Elf64_Nhdr note;
	while (bytes >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		size_t name = align_up(note.n_namesz);
		size_t whole = sizeof(note) + name + align_up(note.n_descsz);
		if (whole > bytes) {
			return NULL;
		}
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(owner)
		    && memcmp(notes + sizeof(note), owner, sizeof(owner)) == 0
		    && note.n_descsz > 0 && note.n_descsz <= BUILD_ID_MAX) {
			*ret_bytes = note.n_descsz;
			return notes + sizeof(note) + name;
		}
		notes += whole;
		bytes -= whole;
	}
	return NULL;
}
