// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/conditions.h"

#include "tests/unit/test.h"

static char *argv[] = { "python3", "job.py", NULL };

static struct conditions of(char *first, char *second)
{
	char *environment[] = { first, second, NULL };
	return conditions_of(environment, argv, true);
}

static void sizes_are_those_of_the_environment(void)
{
	struct conditions conditions = of("A=1", "HOME=/root");
	CHECK_INT(conditions.flags, CONDITIONS_KNOWN | CONDITIONS_FIXED_ADDRESSES);
	CHECK_INT(conditions.variables, 2);
	CHECK_INT(conditions.variables_bytes, 4 + 11);
	CHECK_INT(conditions.seed_hash, 0);
	CHECK_INT(conditions_of(argv, argv, false).flags, CONDITIONS_KNOWN);
}

static void contents_and_their_order_make_a_difference(void)
{
	uint32_t hash = of("A=1", "HOME=/root").variables_hash;
	CHECK_INT(of("A=1", "HOME=/root").variables_hash, hash);
	CHECK(of("A=2", "HOME=/root").variables_hash != hash);
	CHECK(of("HOME=/root", "A=1").variables_hash != hash);
	CHECK(of("A=1HOME=/root", NULL).variables_hash != hash);
}

/* What is private cannot be found out from so little. */
static void hashes_are_cut(void)
{
	struct conditions conditions = of("PYTHONHASHSEED=4711", "TOKEN=secret");
	CHECK(conditions.variables_hash <= 0xffff && conditions.command_hash <= 0xffff
	      && conditions.seed_hash <= 0xffff);
}

static void a_seed_is_fixed_if_it_is_a_number(void)
{
	CHECK(of("PYTHONHASHSEED=0", NULL).flags & CONDITIONS_FIXED_SEED);
	CHECK(!(of("PYTHONHASHSEED=random", NULL).flags & CONDITIONS_FIXED_SEED));
	CHECK(!(of("PYTHONHASHSEED=", NULL).flags & CONDITIONS_FIXED_SEED));
	CHECK(!(of("XPYTHONHASHSEED=0", NULL).flags & CONDITIONS_FIXED_SEED));
	CHECK(of("PYTHONHASHSEED=1", NULL).seed_hash != of("PYTHONHASHSEED=0", NULL).seed_hash);
}

int main(void)
{
	RUN(sizes_are_those_of_the_environment);
	RUN(contents_and_their_order_make_a_difference);
	RUN(hashes_are_cut);
	RUN(a_seed_is_fixed_if_it_is_a_number);
	return test_done();
}
