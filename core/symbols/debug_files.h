// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Where the names of a module are: its own file, and the files that were split off it, as GDB's
 * manual has it ("Debugging Information in Separate Files"), in this order:
 *
 *   the module itself, if it is the one that ran
 *   folders that the user names: .build-id/NN/REST, the module's path below it, its name, at last
 *   every file in it by its build id
 *   /usr/lib/debug/.build-id/NN/REST.debug
 *   .gnu_debuglink: beside the module, in .debug there, below /usr/lib/debug
 *   debuginfod-find, if DEBUGINFOD_URLS is set
 *   .gnu_debugdata in the module itself: a symbol table, compressed with xz
 *
 * A file is taken for its build id: one with another id is another program. Only a module without
 * one is taken by its name, and a debug link's file by its checksum.
 */
#ifndef CORE_SYMBOLS_DEBUG_FILES_H
#define CORE_SYMBOLS_DEBUG_FILES_H

#include "core/symbols/object.h"

/** Where to look. */
struct symbol_places {
	/** Before all paths but the folders: "/proc/PID/root" of a workload in a chroot, or "". */
	const char *root;
	/** The folders that the user names. */
	const char *const *folders;
	size_t folder_count;
	/** Leave debuginfod's servers alone, even if the user has set any. */
	bool without_servers;
};

struct debug_files {
	/** The module itself, if it has no DWARF. NULL: not found, or it is debug. */
	struct object *module;
	/** What has its DWARF. NULL: not found. */
	struct object *debug;
	/** What dwz took out of debug (.gnu_debugaltlink). */
	struct object *supplement;
	/** The symbol table of .gnu_debugdata. */
	struct object *minimal;
	/** There is a file where the module was, and it is another. */
	bool is_other;
};

/** Find what there is of a module. build_id: hexadecimal, "" if it has none. */
void debug_files_find(struct debug_files *files, const struct symbol_places *places,
		      const char *path, const char *build_id);

void debug_files_done(struct debug_files *files);

#endif
