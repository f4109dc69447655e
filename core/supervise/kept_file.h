// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Real files as segments: the one that a user wants to keep, and what holds for all of them, whose
 * file systems may fill up.
 */
#ifndef CORE_SUPERVISE_KEPT_FILE_H
#define CORE_SUPERVISE_KEPT_FILE_H

#include "core/supervise/supervise.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Create the file of this name, which must not be there, and claim it (core/host/claim.h). Returns
 * the descriptor and fills in its absolute path; -1 with *ret_error filled.
 */
int kept_file_create(const char *name, char *ret_path, size_t path_size,
		     struct supervise_error *ret_error);

/**
 * Before anything is in it: see that there is some space, and on btrfs, which takes new space for
 * every write, have it written in place. False with *ret_error filled.
 */
bool kept_file_prepare(int fd, const char *path, struct supervise_error *ret_error);

/** Write zeros, so that these bytes have their space. False with *ret_error filled. */
bool kept_file_zero(int fd, uint64_t offset, size_t len, struct supervise_error *ret_error);

/** SEGMENT_* for the header of a segment in this file. */
uint32_t kept_file_flags(int fd);

#endif
