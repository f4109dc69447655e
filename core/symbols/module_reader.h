// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * From addresses of one module to functions, files and lines: everything that reads debug files.
 * These are not trusted and may be huge, and what reads them here may need any time and memory: to
 * be run in a process of its own, as core/symbols/resolve.h does.
 */
#ifndef CORE_SYMBOLS_MODULE_READER_H
#define CORE_SYMBOLS_MODULE_READER_H

#include "core/symbols/resolve.h"

#include <stdbool.h>

/** Who takes the answers. */
struct module_sink {
	void *context;
	/** Called once, first. */
	void (*state)(void *context, enum symbols_state state, bool is_program);
	/**
	 * Called for each address, in order: what lies in it, outermost first; count 0: nothing is
	 * known. The texts live until it returns.
	 */
	void (*frames)(void *context, const struct symbol_frame *frames, uint32_t count);
};

/** Answer a request. */
void module_read(const struct symbols_request *request, const struct module_sink *sink);

#endif
