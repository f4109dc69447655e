// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What the tool says while there is a workload: lines on stderr that begin with "=fil-profile= ".
 *
 * stdout belongs to the workload. Each line is one write, so that it does not tear the workload's
 * own; control characters in it are made visible, so that a name cannot act on the terminal. A
 * stderr that is closed or gone is no error and never a signal. For any process of the tool, but
 * not for signal handlers.
 */
#ifndef CMD_SAY_H
#define CMD_SAY_H

#include "core/base/attributes.h"

#include <stdbool.h>

/** No more say_info from now on (--quiet); errors are still said. */
void say_quietly(bool quiet);

/** Something nice to know: left out under --quiet. format is without prefix and newline. */
attr_printf(1, 2) void say_info(const char *format, ...);

/** Something wrong: always said. */
attr_printf(1, 2) void say_error(const char *format, ...);

/** A line that is already there, as report_summary gives them: as say_info. */
void say_line(void *unused, const char *text);

#endif
