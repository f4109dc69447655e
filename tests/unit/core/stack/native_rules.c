// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/stack/native_rules.h"
#include "tests/unit/test.h"

#define MANY 20000u

static native_rule rule_number(uint32_t number)
{
	return rule_make(RULE_SP, 8 * (int64_t)number, -2, -1);
}

static void keeps_numbers_and_signs(void)
{
	native_rule rule = rule_with_class(rule_make(RULE_FP, -4096, -3, -1), CLASS_EVAL);
	CHECK_INT(rule_kind(rule), RULE_FP);
	CHECK_INT(rule_class(rule), CLASS_EVAL);
	CHECK_INT(rule_cfa_offset(rule), -4096);
	CHECK_INT(rule_fp_offset(rule), -24);
	CHECK_INT(rule_ra_offset(rule), -8);
	rule = rule_make(RULE_FP_MEMORY, (1 << 27) - 1, 0, 100);
	CHECK_INT(rule_cfa_offset(rule), (1 << 27) - 1);
	CHECK_INT(rule_fp_offset(rule), 0);
	CHECK_INT(rule_ra_offset(rule), 800);
}

static void fits_says_what_is_kept(void)
{
	CHECK(rule_fits((1 << 27) - 1, -(1 << 18), -(1 << 14)));
	CHECK(!rule_fits(1 << 27, 0, -8));
	CHECK(!rule_fits(16, 1 << 18, -8));
	CHECK(!rule_fits(16, -12, -8));
	CHECK(!rule_fits(16, -16, 1 << 14));
}

static void finds_what_was_added(void)
{
	static struct native_rules rules;
	unsigned found = 0;
	CHECK_INT(rules_find(&rules, 0, 0x1000, false), RULE_NONE);
	for (uint32_t i = 1; i <= MANY; i++) {
		rules_add(&rules, 0, 0x400000 + 5 * i, false, rule_number(i));
	}
	for (uint32_t i = 1; i <= MANY; i++) {
		native_rule rule = rules_find(&rules, 0, 0x400000 + 5 * i, false);
		/* Growing forgets; what is found is right. */
		CHECK(rule == RULE_NONE || rule == rule_number(i));
		found += rule != RULE_NONE;
	}
	CHECK(found > MANY / 4);
	CHECK_INT(rules_find(&rules, 0, 0x400000 + 5, true), RULE_NONE);
	CHECK_INT(rules_find(&rules, 0, 0x400001, false), RULE_NONE);
}

static void forgets_with_a_new_generation(void)
{
	static struct native_rules rules;
	rules_add(&rules, 0, 0x1000, false, rule_number(1));
	rules_forget(&rules);
	CHECK_INT(rules.generation, 1);
	CHECK_INT(rules_find(&rules, 1, 0x1000, false), RULE_NONE);
	rules_add(&rules, 1, 0x1000, false, rule_number(2));
	CHECK(rules_find(&rules, 1, 0x1000, false) == rule_number(2));
}

/* A generation's number comes again after 32768 others. */
static void forgets_before_its_number_comes_again(void)
{
	static struct native_rules rules;
	rules_add(&rules, 0, 0x1000, false, rule_number(1));
	for (int i = 0; i < 0x8000; i++) {
		rules_forget(&rules);
	}
	CHECK_INT(rules_find(&rules, rules.generation, 0x1000, false), RULE_NONE);
}

int main(void)
{
	RUN(keeps_numbers_and_signs);
	RUN(fits_says_what_is_kept);
	RUN(finds_what_was_added);
	RUN(forgets_with_a_new_generation);
	RUN(forgets_before_its_number_comes_again);
	return test_done();
}
