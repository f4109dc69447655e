// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Ending a stream that a report was written to. */
#ifndef CMD_STREAM_H
#define CMD_STREAM_H

#include <stdio.h>

/**
 * Flush and close, after a writer that returned result (and errno). 0 if everything was written,
 * else the errno of what went wrong first.
 */
int stream_finish(FILE *out, int result);

#endif
