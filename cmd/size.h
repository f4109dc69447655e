// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Amounts of memory as people write them. */
#ifndef CMD_SIZE_H
#define CMD_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Bytes of a text such as "512M", "2G", "1.5GiB", "800 MB", "1073741824": a decimal number, then K,
 * M, G or T, alone or followed by B or iB, all of which are powers of 1024 here, as for the memory
 * of containers; in any case of letters.
 *
 * @return false, with *ret_bytes untouched, if it is none of these, 0, or more than 2^60.
 */
bool size_parse(const char *text, uint64_t *ret_bytes);

/** A text such as "50%": a number above 0, up to 100. False, *ret_percent untouched, if not. */
bool size_parse_percent(const char *text, double *ret_percent);

#endif
