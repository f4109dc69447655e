// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/grow.h"

#include <stdlib.h>

void *grow_array(void **array, uint32_t *count, uint32_t *capacity, size_t element_bytes)
{
	if (*count == *capacity) {
		uint32_t more = *capacity ? *capacity * 2 : 64;
		void *grown = more > *capacity ? realloc(*array, more * element_bytes) : NULL;
		if (!grown) {
			return NULL;
		}
		*array = grown;
		*capacity = more;
	}
	return (char *)*array + (*count)++ * element_bytes;
}
