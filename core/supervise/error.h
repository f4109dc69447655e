// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Filling in a struct supervise_error. */
#ifndef CORE_SUPERVISE_ERROR_H
#define CORE_SUPERVISE_ERROR_H

#include "core/base/attributes.h"
#include "core/supervise/supervise.h"

/** Say what failed, followed by the text of error_number unless that is 0. Returns false. */
bool error_set(struct supervise_error *ret_error, int status, int error_number, const char *format,
	       ...) attr_printf(4, 5);

#endif
