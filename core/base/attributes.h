// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Compiler attributes by the name of what they promise. Headers only, for both processes. */
#ifndef CORE_BASE_ATTRIBUTES_H
#define CORE_BASE_ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define attr_noinline __attribute__((noinline))
#define attr_cold __attribute__((cold, noinline))
#define attr_inline static inline __attribute__((always_inline))
#define attr_printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define attr_unused __attribute__((unused))
/** Seen by the workload's loader: the only things a hook exports. */
#define attr_export __attribute__((visibility("default"), used))

/** Number of elements of an array (not of a pointer). */
#define countof(array) (sizeof(array) / sizeof((array)[0]))

#endif
