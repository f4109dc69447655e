// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Names for addresses of machine code, after the fact: the module's path, its build id and
 * addresses in it are enough, today or on another machine.
 *
 * Debug files are input like any other, and reading them takes a library that was written for
 * trusted ones: it runs in a child process with bounds on its memory and its time. What comes back
 * is checked. Should the child die, what it had found until then counts, and the rest has no names.
 */
#ifndef CORE_SYMBOLS_RESOLVE_H
#define CORE_SYMBOLS_RESOLVE_H

#include "core/base/symbols.h"
#include "core/symbols/debug_files.h"

#include <stdbool.h>
#include <stdint.h>

struct symbols_request {
	/** As the workload had it loaded, and its build id in hexadecimal ("": none). */
	const char *path;
	const char *build_id;
	struct symbol_places places;
	/** As the module's own symbols have them, ascending, none twice. */
	const uint64_t *addresses;
	uint32_t count;
};

/** A function at an address: of the machine code, or inlined into the one before it. */
struct symbol_frame {
	const char *function; /* "" if not known */
	const char *file;     /* "" if not known */
	uint32_t line;	      /* 0: not known */
};

struct symbols {
	enum symbols_state state;
	/** It is a program, and not a library. */
	bool is_program;
	/** For address i, frames [first[i], first[i + 1]), outermost first; perhaps none. */
	uint32_t *first;
	struct symbol_frame *frames;
	uint32_t frame_count;
	/** The answer as it came, which the texts point into. */
	char *bytes;
};

/**
 * Ask for all of a module at once. 0, or -1 with errno ENOMEM or that of fork or pipe. symbols_done
 * in any case.
 */
int symbols_resolve(const struct symbols_request *request, struct symbols *ret_symbols);

/**
 * The same from what the child has sent, count answers: for symbols_resolve, tests and fuzzers.
 * bytes are malloc'ed, and the symbols' from then on.
 */
int symbols_parse(char *bytes, size_t len, uint32_t count, struct symbols *ret_symbols);

void symbols_done(struct symbols *symbols);

#endif
