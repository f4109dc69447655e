// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The build id in the notes of an ELF object: what the linker calls this very build of it. */
#ifndef CORE_ELF_BUILD_ID_H
#define CORE_ELF_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

/**
 * Look through a segment of notes (PT_NOTE) in memory.
 *
 * @param ret_bytes  Set only if there is one: how long it is, 1 to 64.
 * @return Where it lies among the notes; NULL if it is not there.
 */
const uint8_t *elf_build_id(const uint8_t *notes, size_t bytes, uint32_t *ret_bytes);

#endif
