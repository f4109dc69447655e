// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Notes of an ELF object (PT_NOTE), in memory: what its linker says of it. Nothing in them is
 * believed.
 */
#ifndef CORE_ELF_NOTES_H
#define CORE_ELF_NOTES_H

#include <stddef.h>
#include <stdint.h>

/** Who has written a note: a name of up to 3 bytes, filled up with NULs. */
#define NOTE_OWNER_BYTES 4u

/**
 * Look for a note of that owner and type (NT_* or whatever the owner says).
 *
 * @param ret_bytes  Set only if there is one: how long its description is.
 * @return Where that lies among the notes; NULL if there is none.
 */
const uint8_t *elf_note(const uint8_t *notes, size_t bytes, const char owner[NOTE_OWNER_BYTES],
			uint32_t type, uint32_t *ret_bytes);

/** The build id: what the linker calls this very build of the object. 1 to 64 bytes. */
const uint8_t *elf_build_id(const uint8_t *notes, size_t bytes, uint32_t *ret_bytes);

#endif
