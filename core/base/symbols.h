// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What became of a module of machine code when its names were looked for. */
#ifndef CORE_BASE_SYMBOLS_H
#define CORE_BASE_SYMBOLS_H

/** Stored in captures: only append. */
enum symbols_state {
	/** Nobody has looked yet. */
	SYMBOLS_UNREAD = 0,
	/** Functions, files and lines, as far as the compiler has written them down. */
	SYMBOLS_FULL = 1,
	/** Only the names of functions: there is no debug information. */
	SYMBOLS_NAMES = 2,
	/** There is neither the module nor a debug file for it. */
	SYMBOLS_NO_FILE = 3,
	/** In its place there is a file with another build id. */
	SYMBOLS_OTHER_FILE = 4,
	/** Reading it took too much time or memory, or crashed. */
	SYMBOLS_READER_DIED = 5,
	SYMBOLS_STATE_COUNT
};

#endif
