// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/pools.h"
#include "tests/unit/test.h"

static const char *const variables[] = {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
					"MKL_NUM_THREADS=1", "NUMEXPR_NUM_THREADS=1",
					"BLOSC_NTHREADS=1"};

static unsigned count_of(char *const *environment, const char *variable)
{
	unsigned count = 0;

	for (; *environment; environment++) {
		count += strcmp(*environment, variable) == 0;
	}
	return count;
}

static void sets_each_variable_once(void)
{
	char *given[] = {"A=1", "MKL_NUM_THREADS=7", "B=OMP_NUM_THREADS=1", "OMP_NUM_THREADS=",
			 "OMP_NUM_THREADS_X=3", "MKL_NUM_THREADS", NULL};
	char **got = pools_single_threaded(given);

	REQUIRE(got);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		CHECK_INT(count_of(got, variables[i]), 1);
	}
	CHECK_INT(count_of(got, "MKL_NUM_THREADS=7"), 0);
	CHECK_INT(count_of(got, "OMP_NUM_THREADS="), 0);
	CHECK_INT(count_of(got, "OMP_NUM_THREADS_X=3"), 1);
	CHECK_INT(count_of(got, "MKL_NUM_THREADS"), 1);
	CHECK_STR(got[0], "A=1");
	CHECK_STR(got[1], "B=OMP_NUM_THREADS=1");
	free(got);
}

static void works_on_an_empty_environment(void)
{
	char *given[] = {NULL};
	char **got = pools_single_threaded(given);

	REQUIRE(got);
	CHECK_STR(got[0], "OMP_NUM_THREADS=1");
	CHECK(got[5] == NULL);
	free(got);
}

int main(void)
{
	RUN(sets_each_variable_once);
	RUN(works_on_an_empty_environment);
	return test_done();
}
