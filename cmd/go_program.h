// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Programs written in Go: by the note that its linker leaves in them. */
#ifndef CMD_GO_PROGRAM_H
#define CMD_GO_PROGRAM_H

#include "core/elf/file.h"

#include <stdbool.h>

/** True if Go's linker has made the file, which is open as fd and was read as file. */
bool go_has_made(const struct elf_file *file, int fd);

#endif
