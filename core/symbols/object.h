// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * An ELF file with symbols or debug information, open through libelf. Nothing in it is trusted, and
 * libelf is: to be used in a process of its own (core/symbols/resolve.h).
 */
#ifndef CORE_SYMBOLS_OBJECT_H
#define CORE_SYMBOLS_OBJECT_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of the longest build id that is compared; 20 are usual. */
#define BUILD_ID_BYTES_MAX 64u

struct object {
	int fd;
	Elf *elf;
	/** Where it is; "" for one that was made in memory. Owned. */
	char *path;
	/** Lower-case hexadecimal, "" if it has none. */
	char build_id[2 * BUILD_ID_BYTES_MAX + 1];
};

/** Open a file: NULL if there is none, or it is no ELF file of this machine's kind. */
struct object *object_open(const char *path);

/** The same for an open file, which is then the object's, also on failure. path is copied. */
struct object *object_open_fd(int fd, const char *path);

/** NULL is allowed. */
void object_close(struct object *object);

/** True if the file has content under that name (a stripped file may have the name alone). */
bool object_has_section(const struct object *object, const char *name);

/**
 * True for a program, and not a library: it asks for a loader, or has a fixed address. False for
 * what was split off one, in which that is not to be seen.
 */
bool object_is_program(const struct object *object);

/** Is the address in the few instructions that a program begins with? Also of its debug file. */
bool object_is_entry(const struct object *object, uint64_t address);

/** True if it has DWARF to read. */
bool object_has_dwarf(const struct object *object);

/** The bytes of a section as they are in the file, as long as the object is open; NULL: none. */
const void *object_section(const struct object *object, const char *name, size_t *ret_len);

/** len bytes in hexadecimal; text has room for 2 * BUILD_ID_BYTES_MAX + 1. "" if too long. */
void build_id_format(const void *bytes, size_t len, char *text);

/** True if text is a build id as build_id_format writes them: safe as part of a file's name. */
bool build_id_is_good(const char *text);

#endif
