// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* An array that grows by one element at a time. */
#ifndef CORE_SYMBOLS_GROW_H
#define CORE_SYMBOLS_GROW_H

#include <stddef.h>
#include <stdint.h>

/** One element more, not initialised; NULL, and nothing changed, without memory. */
void *grow_array(void **array, uint32_t *count, uint32_t *capacity, size_t element_bytes);

#endif
