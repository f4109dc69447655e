// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/notes.h"
#include "tests/unit/test.h"

/* Another note, then one with the build id 01 02 03 04 05. */
static const uint8_t notes[] = {
	4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 'G', 'N', 'U', 0, 9, 9, 9, 9,
	4, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 4, 5, 0, 0, 0,
};

static void is_found_behind_other_notes(void)
{
	uint32_t bytes = 0;
	const uint8_t *found = elf_build_id(notes, sizeof(notes), &bytes);
	REQUIRE(found == notes + 36);
	CHECK_INT(bytes, 5);
}

static void is_not_found_where_it_is_cut_off(void)
{
	for (size_t len = 0; len < sizeof(notes); len++) {
		uint32_t bytes = 77;
		uint8_t *copy = malloc(len ? len : 1);
		memcpy(copy, notes, len);
		CHECK(!elf_build_id(copy, len, &bytes));
		CHECK_INT(bytes, 77);
		free(copy);
	}
}

static void must_be_of_gnu_and_of_a_size(void)
{
	uint8_t copy[sizeof(notes)];
	uint32_t bytes;
	memcpy(copy, notes, sizeof(notes));
	copy[32] = 'X';
	CHECK(!elf_build_id(copy, sizeof(copy), &bytes));
	memcpy(copy, notes, sizeof(notes));
	copy[24] = 0;
	CHECK(!elf_build_id(copy, sizeof(copy), &bytes));
	memset(copy + 4, 0xff, 4);
	CHECK(!elf_build_id(copy, sizeof(copy), &bytes));
}

int main(void)
{
	RUN(is_found_behind_other_notes);
	RUN(is_not_found_where_it_is_cut_off);
	RUN(must_be_of_gnu_and_of_a_size);
	return test_done();
}
