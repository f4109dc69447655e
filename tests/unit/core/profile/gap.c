// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/gap.h"

#include "tests/unit/test.h"

#define MIB ((uint64_t)1 << 20)

static struct profile profile_of(uint64_t tracked_bytes)
{
	return (struct profile){
		.segment_bytes = 5 * MIB,
		.outcome = {
			.charge = { .anonymous_bytes = 300 * MIB, .shared_bytes = 40 * MIB,
				    .page_table_bytes = 3 * MIB, .kernel_bytes = MIB,
				    .threads = 4, .processes = 1 },
			.charge_file_bytes = 60 * MIB,
			.charge_tracked_bytes = tracked_bytes,
		},
	};
}

/* As the header's table says. */
static void check_sums(const struct gap *gap)
{
	CHECK_INT(gap->tracked + gap->untracked - gap->untouched, 300 * MIB);
	CHECK_INT(gap->tracked + gap->untracked - gap->untouched + gap->shared + gap->file
			  + gap->segment,
		  gap->resident);
	CHECK_INT(gap->resident + gap->page_table + gap->kernel, gap->counted);
	CHECK_INT(gap->counted - gap->file - gap->segment, gap->charge);
}

static void memory_that_is_not_tracked(void)
{
	struct profile profile = profile_of(280 * MIB);
	struct gap gap = gap_of(&profile);
	CHECK(gap_is_known(&gap));
	CHECK_INT(gap.untracked, 20 * MIB);
	CHECK_INT(gap.untouched, 0);
	CHECK_INT(gap.resident, 405 * MIB);
	CHECK_INT(gap.counted, 409 * MIB);
	CHECK_INT(gap.charge, 344 * MIB);
	check_sums(&gap);
}

static void memory_that_was_never_touched(void)
{
	struct profile profile = profile_of(1324 * MIB);
	struct gap gap = gap_of(&profile);
	CHECK_INT(gap.untracked, 0);
	CHECK_INT(gap.untouched, 1024 * MIB);
	CHECK_INT(gap.charge, 344 * MIB);
	check_sums(&gap);
}

static void nothing_is_known_without_a_charge(void)
{
	struct profile profile = profile_of(1324 * MIB);
	profile.outcome.charge = (struct charge){ 0 };
	struct gap gap = gap_of(&profile);
	CHECK(!gap_is_known(&gap));
	CHECK_INT(gap.tracked, 0);
	CHECK_INT(gap.untouched, 0);
	CHECK_INT(gap.counted, 0);
}

static void sums_do_not_overflow(void)
{
	struct profile profile = profile_of(0);
	memset(&profile.outcome.charge, 0xff, sizeof(profile.outcome.charge));
	struct gap gap = gap_of(&profile);
	CHECK(gap.charge == UINT64_MAX && gap.resident == UINT64_MAX && gap.counted == UINT64_MAX);
}

int main(void)
{
	RUN(memory_that_is_not_tracked);
	RUN(memory_that_was_never_touched);
	RUN(nothing_is_known_without_a_charge);
	RUN(sums_do_not_overflow);
	return test_done();
}
