// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#ifndef CMD_SANITIZER_H
#define CMD_SANITIZER_H

#include "core/elf/image.h"

/**
 * The sanitizer whose runtime library a program needs ("AddressSanitizer"), NULL if none. Such a
 * library wants to be the first of all and brings its own malloc; before it has begun, a call of
 * what it stands in front of ends in a crash.
 * What cannot be read is no sanitizer.
 */
const char *sanitizer_of_program(const struct elf_image *image);

#endif
