// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Claiming a file: telling other processes, in other containers too, that somebody who lives is at
 * work on it. A lock of the open file description: it ends when the last process that has inherited
 * the descriptor closes it or dies, however that happens.
 */
#ifndef CORE_HOST_CLAIM_H
#define CORE_HOST_CLAIM_H

#include <stdbool.h>

/**
 * Claim a file that is open for writing. False if somebody else has; true also where the file
 * system knows no locks.
 */
bool claim_take(int fd);

/** Whether somebody else has claimed the file. Changes nothing. */
bool claim_is_taken(int fd);

#endif
