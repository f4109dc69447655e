// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The one place that says which version this is. */
#ifndef CORE_BASE_VERSION_H
#define CORE_BASE_VERSION_H

#define FIL_VERSION "0.1.0"

#endif
