// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Showing a page to whoever started the tool. */
#ifndef CMD_BROWSER_H
#define CMD_BROWSER_H

#include <stdbool.h>

/** True if there is one to open: $BROWSER, or a graphical session with a terminal on stderr. */
bool browser_is_wanted(void);

/**
 * Open a file (absolute path) in the browser and do not wait for it: it outlives us in its own
 * session, and what it prints goes nowhere. Nothing happens if none can be started.
 */
void browser_open(const char *path);

#endif
