// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/variables.h"
#include "tests/unit/test.h"

static const char *const variables[] = {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
					"MKL_NUM_THREADS=1", "NUMEXPR_NUM_THREADS=1",
					"BLOSC_NTHREADS=1"};

static const struct variables_wanted pools = {.single_threaded_pools = true};
static const struct variables_wanted seed = {.fixed_hash_seed = true};

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
	char **got = variables_new(given, pools);

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
	char **got = variables_new(given, pools);

	REQUIRE(got);
	CHECK_STR(got[0], "OMP_NUM_THREADS=1");
	CHECK(got[5] == NULL);
	free(got);
}

static void fixes_the_hash_seed_unless_it_is_given(void)
{
	char *none[] = {"A=1", "PYTHONHASHSEED=", "XPYTHONHASHSEED=5", NULL};
	char *given[] = {"PYTHONHASHSEED=random", NULL};
	char **fixed = variables_new(none, seed);
	char **kept = variables_new(given, seed);

	REQUIRE(fixed && kept);
	CHECK(!variables_have_hash_seed(none));
	CHECK(variables_have_hash_seed(given));
	CHECK_STR(fixed[3], "PYTHONHASHSEED=0");
	CHECK(fixed[4] == NULL);
	CHECK_STR(kept[0], "PYTHONHASHSEED=random");
	CHECK(kept[1] == NULL);
	free(fixed);
	free(kept);
}

static void leaves_alone_what_is_not_wanted(void)
{
	char *given[] = {"OMP_NUM_THREADS=7", NULL};
	char **got = variables_new(given, (struct variables_wanted){0});

	REQUIRE(got);
	CHECK_STR(got[0], "OMP_NUM_THREADS=7");
	CHECK(got[1] == NULL);
	free(got);
}

static void replaces_the_python_path(void)
{
	char *given[] = {"A=1", "PYTHONPATH=/old", "PYTHONPATHS=2", NULL};
	char path[] = "PYTHONPATH=/new:/old";
	char **got = variables_new(given, (struct variables_wanted){.python_path = path});

	REQUIRE(got);
	CHECK_STR(got[0], "A=1");
	CHECK_STR(got[1], "PYTHONPATHS=2");
	CHECK_STR(got[2], "PYTHONPATH=/new:/old");
	CHECK(got[3] == NULL);
	free(got);
}

int main(void)
{
	RUN(sets_each_variable_once);
	RUN(works_on_an_empty_environment);
	RUN(fixes_the_hash_seed_unless_it_is_given);
	RUN(leaves_alone_what_is_not_wanted);
	RUN(replaces_the_python_path);
	return test_done();
}
