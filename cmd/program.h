// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Can this program be profiled? Looked at before anything starts, so that the answer is a sentence
 * and not a report of nothing.
 *
 * Reads files only. What cannot be read (an executable without read permission) is given the
 * benefit of the doubt: the kernel decides.
 */
#ifndef CMD_PROGRAM_H
#define CMD_PROGRAM_H

#include "core/base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/** Why a workload is not started. */
struct refusal {
	/** A sentence without full stop. */
	char message[512];
	/** What to do about it; "" if there is nothing to say. */
	char advice[512];
	/** The status to end with: 125, 126 (not executable) or 127 (not found). */
	int status;
};

/** What machine a program is for; in ELF headers e_ident[EI_CLASS], [EI_DATA], e_machine. */
struct machine {
	unsigned char class;
	unsigned char data;
	uint16_t number;
};

/** The machine of an ELF image of at least 20 bytes. */
struct machine program_machine_of(const void *image);

/** Fill a refusal; always returns -1. advice may be NULL. */
attr_printf(4, 5) int program_refuse(struct refusal *refusal, int status, const char *advice,
				     const char *format, ...);

/**
 * The path that execvp would pass to execve for a name: the name itself if it has a slash, else the
 * first executable file of that name in the folders of path_list (a PATH; NULL: the system's
 * default). A malloc'ed string, or NULL with errno ENOENT, EACCES (found, but not executable),
 * EISDIR or ENOMEM.
 */
char *program_find(const char *name, const char *path_list);

/**
 * Look whether the hook can be loaded into what exec of path would end in, #! lines followed as the
 * kernel does and "env" in them as env does. 0, or -1 with *ret_refusal filled.
 */
int program_check(const char *path, struct machine tool, struct refusal *ret_refusal);

/** True if the file begins with the characters "#!". */
bool program_is_script(const char *path);

#endif
