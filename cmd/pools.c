// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/pools.h"

#include "core/base/attributes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *const pool_variables[] = {
	"OMP_NUM_THREADS=1",	 "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
	"NUMEXPR_NUM_THREADS=1", "BLOSC_NTHREADS=1",
};

static bool is_pool_variable(const char *variable)
{
	for (size_t i = 0; i < countof(pool_variables); i++) {
		size_t name_len = strcspn(pool_variables[i], "=") + 1;
		if (strncmp(pool_variables[i], variable, name_len) == 0) {
			return true;
		}
	}
	return false;
}

char **pools_single_threaded(char *const *environment)
{
	char **copy;
	size_t count = 0;

	while (environment[count]) {
		count++;
	}
	copy = calloc(count + countof(pool_variables) + 1, sizeof(*copy));
	if (!copy) {
		return NULL;
	}
	count = 0;
	for (; *environment; environment++) {
		if (!is_pool_variable(*environment)) {
			copy[count++] = *environment;
		}
	}
	for (size_t i = 0; i < countof(pool_variables); i++) {
		copy[count++] = pool_variables[i];
	}
	return copy;
}
