// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/variables.h"

#include "core/base/attributes.h"

#include <stdlib.h>
#include <string.h>

static char *const pool_variables[] = {
	"OMP_NUM_THREADS=1",	 "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
	"NUMEXPR_NUM_THREADS=1", "BLOSC_NTHREADS=1",
};
static char hash_seed[] = "PYTHONHASHSEED=0";

/* "NAME=" and whatever follows, of the same name as another such word. */
static bool has_name_of(const char *variable, const char *other)
{
	return strncmp(variable, other, strcspn(other, "=") + 1) == 0;
}

static bool is_pool_variable(const char *variable)
{
	for (size_t i = 0; i < countof(pool_variables); i++) {
		if (has_name_of(variable, pool_variables[i])) {
			return true;
		}
	}
	return false;
}

bool variables_have_hash_seed(char *const *environment)
{
	/* An empty one is none to Python. */
	while (*environment && (!has_name_of(*environment, hash_seed) ||
				!(*environment)[strlen("PYTHONHASHSEED=")])) {
		environment++;
	}
	return *environment != NULL;
}

static size_t count_words(char *const *words)
{
	size_t count = 0;

	while (words[count]) {
		count++;
	}
	return count;
}

/* Does something that is wanted take the place of a variable? */
static bool is_replaced(const char *variable, const struct variables_wanted *wanted)
{
	return (wanted->single_threaded_pools && is_pool_variable(variable)) ||
	       (wanted->python_path && has_name_of(variable, wanted->python_path));
}

char **variables_new(char *const *environment, struct variables_wanted wanted)
{
	size_t count = 0, room = count_words(environment) + countof(pool_variables) + 3;
	char **copy = calloc(room, sizeof(*copy));

	if (!copy) {
		return NULL;
	}
	for (char *const *variable = environment; *variable; variable++) {
		if (!is_replaced(*variable, &wanted)) {
			copy[count++] = *variable;
		}
	}
	for (size_t i = 0; wanted.single_threaded_pools && i < countof(pool_variables); i++) {
		copy[count++] = pool_variables[i];
	}
	if (wanted.fixed_hash_seed && !variables_have_hash_seed(environment)) {
		copy[count++] = hash_seed;
	}
	if (wanted.python_path) {
		copy[count++] = wanted.python_path;
	}
	return copy;
}
